import { tempFolders } from '../support/temp-folder';
import { ABC, AC, DAY, each, nothing, resultOf, ROTATE, rotated, setTime, type Case } from './watching';

/** Faults that people reported about other programs that follow files. Each line is read once, in order; else a possible gap or a message says so: names, links and deleted files. */
const folders = tempFolders();

const cases: Record<string, Case> = {
  'removed, and made again with the same inode': { then: rotated('rm app.log'), lines: AC, gaps: 1 },
  'moved to another folder': { then: rotated('mkdir old; mv app.log old/'), lines: AC, gaps: 1 },
  'a rotated file that is deleted before it was read': {
    then: async ({ write, look }, run) => {
      run('mv app.log app.log.2');
      write('app.log', 'b');
      await look();
      run(ROTATE);
      write('app.log', 'c');
      await look();
      run('rm app.log.1');
    },
    lines: AC,
    gaps: 1,
  },
  'a rotated file that is deleted after it was read': {
    then: each(rotated(ROTATE), ({ write }, run) => {
      run('rm app.log.1');
      write('app.log', 'd');
    }),
    lines: { 'app.log': ['a', 'b', 'c', 'd'] },
  },
  'a file of yesterday that is renamed': {
    then: ({ write, at }, run) => {
      write('app.log', 'b');
      setTime(at('app.log'), -DAY);
      run(ROTATE);
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'two logs that change names': {
    first: async ({ write, look }) => {
      write('app.log', 'a');
      write('b.log', 'x');
      await look();
    },
    then: ({ write }, run) => {
      run('mv app.log t; mv b.log app.log; mv t b.log');
      write('app.log', 'y');
      write('b.log', 'b');
    },
    lines: { 'app.log': ['a', 'b'], 'b.log': ['x', 'y'] },
  },
  'a link that switches to the next file, as in Kubernetes': {
    first: async ({ write, look }, run) => {
      write('pod/0.log', 'a');
      run('ln -s pod/0.log now.log');
      await look();
    },
    then: ({ write }, run) => {
      write('pod/0.log', 'b');
      write('pod/1.log', 'c');
      run('ln -sfn pod/1.log now.log');
    },
    lines: { 'pod/0.log': ['a', 'b'], 'pod/1.log': ['c'] },
  },
  'a second name of the file (hard link)': {
    then: ({ write }, run) => {
      run('ln app.log other.log');
      write('other.log', 'b');
    },
    lines: { 'app.log': ['a', 'b'] },
    reported: ['same-file other.log'],
  },
  'a rotation that links and unlinks': {
    then: async ({ write, look }, run) => {
      write('app.log', 'b');
      run('ln app.log app.log.1');
      await look();
      run('rm app.log');
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'a folder in its place for a while': {
    then: each(
      (_, run) => run('rm app.log; mkdir app.log'),
      ({ write }, run) => {
        run('rmdir app.log');
        write('app.log', 'c');
      },
    ),
    lines: AC,
    gaps: 1,
  },
  'a path that matches no file yet': {
    first: async ({ look }) => look(),
    paths: ['*.log', 'typo/*.log'],
    then: ({ write }) => {
      write('app.log', 'a');
    },
    lines: { 'app.log': ['a'] },
    reported: ['no-match *.log', 'no-match typo/*.log'],
  },
  'odd names, and a folder that the glob matches': {
    first: nothing,
    then: ({ write }, run) => {
      for (const name of ['a\nb.log', '%41.log', 'ü 😀.log', 'a?b#c.log', 'dir.log/in']) write(name, 'x');
      run(`echo x >$'\\xff.log'`);
    },
    lines: Object.fromEntries(['a\nb.log', '%41.log', 'ü 😀.log', 'a?b#c.log'].map((name) => [name, ['x']])),
    reported: ['name \\xff.log'],
  },
  'a rotated file that is named': {
    paths: ['app.log.1'],
    first: ({ write }) => {
      write('app.log', 'a');
      write('app.log.1', 'x');
    },
    then: nothing,
    lines: { 'app.log.1': ['x'] },
  },
  'a folder that cannot be read for a while, and a rotation meanwhile': {
    paths: ['d/*.log'],
    first: async ({ write, look }) => {
      write('d/app.log', 'a');
      await look();
    },
    then: async ({ write, lookLater }, run) => {
      write('d/app.log', 'b');
      run('mv d e; ln -s d d');
      await lookLater();
      run('mv e/app.log e/app.log.1');
      write('e/app.log', 'c');
      run('rm d; mv e d');
    },
    lines: { 'd/app.log': ['a', 'b', 'c'] },
    reported: ['failed d/app.log', 'failed d'],
  },
  'a compressed and a hidden file that are named': {
    paths: ['old.log.1.gz', '.x.swp'],
    first: nothing,
    then: ({ write }, run) => {
      write('old.log.1', 'x');
      write('.x.swp', 'y');
      run('gzip old.log.1');
    },
    lines: { 'old.log.1.gz': ['x'], '.x.swp': ['y'] },
  },
};

describe('watched logs', () => {
  it.each(Object.entries(cases))('are read once, or a gap is reported, after %s', async (_, steps) => {
    const { is, expected } = await resultOf(folders.make(), steps);
    expect(is).toEqual(expected);
  });
});
