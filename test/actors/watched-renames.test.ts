import { tempFolders } from '../support/temp-folder';
import { ABC, each, nothing, resultOf, ROTATE, rotated, type Case } from './watching';

/** Faults that people reported about other programs that follow files. Each line is read once, in order; else a possible gap or a message says so: rename and create. */
const folders = tempFolders();

const cases: Record<string, Case> = {
  'a rename': { then: rotated(ROTATE), lines: ABC },
  'a rename to a name that the glob matches': { then: rotated('mv app.log app.1.log'), lines: ABC },
  'two renames between two looks': {
    then: ({ write }, run) => {
      run(ROTATE);
      write('app.log', 'b');
      run(`mv app.log.1 app.log.2; ${ROTATE}`);
      write('app.log', 'c');
    },
    lines: ABC,
  },
  'a rename while it is down': {
    then: async (machine, run) => {
      await rotated(ROTATE)(machine, run);
      await machine.restart();
    },
    lines: ABC,
  },
  'a rename before the new file has a line': {
    then: each(
      ({ write }, run) => {
        write('app.log', 'b');
        run(`${ROTATE}; touch app.log`);
      },
      ({ write }) => write('app.log', 'c'),
    ),
    lines: ABC,
  },
  'a new file that begins like the old one': {
    first: async ({ look }, run) => {
      run('for i in {1..3}; do echo "2026-11-20 10:00:00.000 [main] INFO  app.Main - same"; done >app.log');
      await look();
    },
    then: ({ write }, run) => {
      run(`${ROTATE}; cp app.log.1 app.log`);
      write('app.log', 'c');
    },
    lines: { 'app.log': [...Array.from({ length: 3 }, () => 'same'), 'c'] },
  },
  'a service that never opens the new file, which stays empty': {
    first: nothing,
    then: async ({ service, write, look, lookLater }, run) => {
      const open = service('app.log');
      open.write('a');
      await look();
      run(`${ROTATE}; touch app.log`);
      await lookLater();
      open.write('b');
      await lookLater();
      run(`mv app.log.1 app.log.2; ${ROTATE}; touch app.log`);
      open.write('c');
      await lookLater();
      open.end();
      write('app.log', 'd');
    },
    lines: { 'app.log': ['a', 'b', 'c', 'd'] },
  },
  'a process that writes to the rotated file after the new one was read': {
    first: nothing,
    then: async ({ service, write, look, lookLater }, run) => {
      const open = service('app.log');
      open.write('a');
      await look();
      run(ROTATE);
      write('app.log', 'c');
      open.write('b');
      await lookLater();
      open.write('late');
      await lookLater();
      open.write('later');
      open.end();
    },
    lines: ABC,
    reported: ['late app.log.1'],
  },
};

describe('watched logs', () => {
  it.each(Object.entries(cases))('are read once, or a gap is reported, after %s', async (_, steps) => {
    const { is, expected } = await resultOf(folders.make(), steps);
    expect(is).toEqual(expected);
  });
});
