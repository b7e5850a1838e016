import fc from 'fast-check';
import { rmSync } from 'node:fs';
import { tempFolders } from '../../support/temp-folder';
import { schedule } from './actions';
import { runSchedule } from './run';

/**
 * After any events of objects, signals, reads, commits and programs: the topic holds, by source and generation, exactly the
 * terminated lines of each content that was there to be read, each once and in order.
 *
 * Longer: TELLTALE_TEST_MODEL_SECONDS, or TELLTALE_TEST_RUNS for a minimum of schedules. A failure again: TELLTALE_TEST_SEED and
 * TELLTALE_TEST_PATH as it prints them.
 */
const SECONDS = Number(process.env['TELLTALE_TEST_MODEL_SECONDS'] ?? 15);
const RUNS = Number(process.env['TELLTALE_TEST_RUNS'] ?? 40);
/** Short runs use the same schedules each time; long runs use new ones. */
const ANY_SEED = process.env['TELLTALE_TEST_MODEL_SECONDS'] === undefined ? 1 : Math.floor(Math.random() * 2 ** 31);
const SEED = Number(process.env['TELLTALE_TEST_SEED'] ?? ANY_SEED);
const PATH = process.env['TELLTALE_TEST_PATH'];

/** Schedules per seed; the following ones have the next seed. */
const RUNS_OF_A_SEED = 10;
/** Time limit for shrinking a failure. */
const SHRINKING_MS = 60_000;

describe('ingestion under any schedule', () => {
  const folders = tempFolders();
  const property = fc.asyncProperty(schedule, async (one) => {
    const folder = folders.make();
    try {
      await runSchedule(folder, one);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it(
    `publishes every readable line once and in order (seed ${SEED})`,
    async () => {
      if (PATH !== undefined) {
        await fc.assert(property, { seed: SEED, path: PATH, endOnFailure: true });
        return;
      }
      const until = Date.now() + SECONDS * 1000;
      for (let runs = 0; runs < RUNS || Date.now() < until; runs += RUNS_OF_A_SEED) {
        const seed = SEED + runs / RUNS_OF_A_SEED;
        await fc.assert(property, { seed, numRuns: RUNS_OF_A_SEED, interruptAfterTimeLimit: SHRINKING_MS });
      }
    },
    SECONDS * 1000 + 5 * SHRINKING_MS,
  );
});
