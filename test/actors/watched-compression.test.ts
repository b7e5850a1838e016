import { tempFolders } from '../support/temp-folder';
import { ABC, AC, each, nothing, resultOf, ROTATE, rotated, type Case, type Do } from './watching';

/** Faults that people reported about other programs that follow files. Each line is read once, in order; else a possible gap or a message says so: compressed files. */
const folders = tempFolders();

const cases: Record<string, Case> = {
  'compressed at once': { then: rotated(`${ROTATE}; gzip app.log.1`), lines: ABC },
  'compressed at once, all of it read': {
    then: ({ write }, run) => {
      run(`${ROTATE}; gzip app.log.1`);
      write('app.log', 'c');
    },
    lines: AC,
  },
  'compressed at once with zstd and a date': {
    then: rotated('mv app.log app.log-20261130; zstd -q --rm app.log-20261130'),
    lines: ABC,
  },
  'compressed by the logger itself': {
    then: rotated('gzip -c app.log >app.2026-11-30.0.log.gz; rm app.log'),
    lines: ABC,
  },
  'compressed before there is a new file': {
    then: each(
      ({ write }, run) => {
        write('app.log', 'b');
        run(`${ROTATE}; gzip app.log.1`);
      },
      ({ write }) => write('app.log', 'c'),
    ),
    lines: ABC,
  },
  'written, rotated and compressed between two looks': {
    then: ({ write }, run) => {
      run('mv app.log app.log.2');
      write('app.log', 'b');
      run(`${ROTATE}; gzip app.log.1`);
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'compressed twice while it is down': {
    then: async (machine, run) => {
      await rotated(`${ROTATE}; gzip app.log.1`)(machine, run);
      run(`mv app.log.1.gz app.log.2.gz; ${ROTATE}; gzip app.log.1`);
      machine.write('app.log', 'd');
      await machine.restart();
    },
    lines: { 'app.log': ['a', 'b', 'c', 'd'] },
  },
  'a compressed file that is seen half written': {
    then: async ({ write, look }, run) => {
      write('app.log', 'b');
      run(`${ROTATE}; gzip -k app.log.1; cp app.log.1.gz x; truncate -s 10 app.log.1.gz`);
      await look();
      run('cat x >app.log.1.gz; rm x app.log.1');
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'kill -9 while the file is compressed': {
    then: async ({ write, restart }, run) => {
      write('app.log', 'b');
      run(`${ROTATE}; gzip -k app.log.1`);
      write('app.log', 'c');
      await restart();
      run('rm app.log.1');
      await restart();
    },
    lines: ABC,
  },
  'compressed with xz': {
    then: rotated(`${ROTATE}; xz app.log.1`),
    lines: AC,
    gaps: 1,
    reported: ['failed app.log.1.xz'],
  },
  'a compressed file that is damaged': {
    then: each(rotated(`${ROTATE}; gzip app.log.1; truncate -s -5 app.log.1.gz`), ({ write }) => write('app.log', 'd')),
    lines: { 'app.log': ['a', 'c', 'd'] },
    gaps: 1,
    reported: ['failed app.log.1.gz'],
  },
  'a compressed file with other lines': {
    then: ({ write }, run) => {
      write('other', 'x');
      run('rm app.log; gzip -c other >app.log.1.gz; rm other');
      write('app.log', 'c');
    },
    lines: { 'app.log': ['a', 'x', 'c'] },
    gaps: 1,
  },
  'delaycompress, week after week': {
    first: nothing,
    then: each(
      ...['a', 'b', 'c', 'd'].map((text): Do => async ({ write, lookLater }, run) => {
        write('app.log', text);
        await lookLater();
        write('app.log', `${text}2`);
        run('[ ! -e app.log.2.gz ] || mv app.log.2.gz app.log.3.gz');
        run(`[ ! -e app.log.1 ] || { gzip app.log.1; mv app.log.1.gz app.log.2.gz; }; ${ROTATE}`);
      }),
    ),
    lines: { 'app.log': ['a', 'a2', 'b', 'b2', 'c', 'c2', 'd', 'd2'] },
  },
};

describe('watched logs', () => {
  it.each(Object.entries(cases))('are read once, or a gap is reported, after %s', async (_, steps) => {
    const { is, expected } = await resultOf(folders.make(), steps);
    expect(is).toEqual(expected);
  });
});
