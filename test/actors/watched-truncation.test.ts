import { truncateSync } from 'node:fs';
import { tempFolders } from '../support/temp-folder';
import { ABC, AC, DAY, resultOf, rotated, setTime, type Case } from './watching';

/** Faults that people reported about other programs that follow files. Each line is read once, in order; else a possible gap or a message says so: copytruncate and truncation. */
const folders = tempFolders();

const cases: Record<string, Case> = {
  copytruncate: { then: rotated('cp app.log app.log.1; : >app.log'), lines: ABC },
  'copytruncate, where the file has outgrown its copy': {
    then: ({ write }, run) => {
      write('app.log', 'b');
      run('cp app.log app.log.1; : >app.log');
      write('app.log', 'c', 'd', 'e');
    },
    lines: { 'app.log': ['a', 'b', 'c', 'd', 'e'] },
  },
  'copytruncate, seen after the copy': {
    then: async ({ write, look }, run) => {
      write('app.log', 'b');
      run('cp app.log app.log.1');
      await look();
      run(': >app.log');
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'copytruncate while it is down': {
    then: async (machine, run) => {
      await rotated('cp app.log app.log.1; : >app.log')(machine, run);
      await machine.restart();
    },
    lines: ABC,
  },
  'copytruncate, compressed at once': {
    then: rotated('cp app.log app.log.1; : >app.log; gzip app.log.1'),
    lines: ABC,
  },
  'copytruncate, by a service that continues at its old place, after NULs': {
    then: ({ write, at }, run) => {
      write('app.log', 'b');
      run('cp app.log app.log.1; : >app.log');
      truncateSync(at('app.log'), 100);
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'copytruncate of a file whose time is in the future': {
    first: async ({ write, look, at }) => {
      write('app.log', 'a');
      setTime(at('app.log'), DAY);
      await look();
    },
    then: ({ write, at }, run) => {
      write('app.log', 'b');
      setTime(at('app.log'), DAY);
      run('cp app.log app.log.1; : >app.log');
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'truncation without a copy': { then: rotated(': >app.log'), lines: AC, gaps: 1 },
  'truncation to the same size': {
    then: ({ write }, run) => {
      run(': >app.log');
      write('app.log', 'c');
    },
    lines: AC,
    gaps: 1,
  },
  'truncation, and more lines than before': {
    then: ({ write }, run) => {
      run(': >app.log');
      write('app.log', 'c', 'd');
    },
    lines: { 'app.log': ['a', 'c', 'd'] },
    gaps: 1,
  },
  'other content that was copied over the file': {
    then: ({ write }, run) => {
      write('other', 'c', 'd');
      run('cat other >app.log; rm other');
    },
    lines: { 'app.log': ['a', 'c', 'd'] },
    gaps: 1,
  },
  'an editor, which writes a new file': {
    then: ({ write }, run) => {
      run("sed -i 's/nothing/else/' app.log");
      write('app.log', 'c');
    },
    lines: AC,
    gaps: 1,
  },
};

describe('watched logs', () => {
  it.each(Object.entries(cases))('are read once, or a gap is reported, after %s', async (_, each) => {
    const { is, expected } = await resultOf(folders.make(), each);
    expect(is).toEqual(expected);
  });
});
