import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../../../src/generator/random';
import { allComparable, KafkaSite, SITE_MS } from '../../support/kafka-site';
import type { Program } from '../../support/local-process';

/**
 * Story: owners are paused for longer than their session and return, or die, while others take over their work (`single-owner`).
 * A paused consumer must not fence the one that owns its partitions now, and a consumer that was fenced must work again.
 */
const ROUNDS = Number(process.env['TELLTALE_TEST_OWNERSHIP_ROUNDS'] ?? 1);
const SEED = Number(process.env['TELLTALE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const VERSION = process.env['TELLTALE_TEST_KAFKA'] ?? '3.9.1';

const MINUTE = 60_000;
/** The group takes partitions from a member whose heartbeats stop for 15 s. */
const LONGER_THAN_A_SESSION_MS = 17_000;

describe(`two producers and three consumers on Kafka ${VERSION}`, () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open({}, VERSION);
  }, SITE_MS);
  afterAll(() => site.close(), SITE_MS);

  /** A data folder of its own; its object store is the site's. */
  function neighbor(name: string): string {
    const folder = join(site.data, name);
    mkdirSync(folder, { recursive: true });
    symlinkSync(join(site.data, 'store'), join(folder, 'store'));
    return folder;
  }

  it(
    `count each line of the files once when ${ROUNDS} times they are paused, killed and reset (seed ${SEED})`,
    async () => {
      const random = createRandom(SEED, 1);
      const generator = site.start('generator');
      let producer = site.start('producer');
      await producer.logged(/producer is ready/);
      const other = neighbor('other');
      const folders = [neighbor('consumer-0'), neighbor('consumer-1'), neighbor('consumer-2')];
      const consumers = folders.map((folder) => site.start('consumer', folder));
      await Promise.all(consumers.map((consumer) => consumer.logged(/partitions assigned.*"logs"/)));

      for (let round = 0; round < ROUNDS; round++) {
        const order = shuffled([0, 1, 2], (max) => random.integer(0, max));
        const [paused, killed] = [order[0] ?? 0, order[1] ?? 1];
        await whilePaused(consumers[paused], async () => {
          await pause(random.fraction() * 2_000);
          await consumers[killed]?.end('SIGKILL');
          consumers[killed] = site.start('consumer', folders[killed]);
        });

        // The second producer takes over from one that is paused in the middle of its work.
        await pause(random.fraction() * 2_000);
        const second = await whilePaused(producer, async () => {
          const started = site.start('producer', other);
          await started.logged(/producer is ready/);
          return started;
        });
        expect(await producer.exited).toBe(1);
        await second.end('SIGKILL');
        producer = site.start('producer');
        await producer.logged(/producer is ready/);

        // Beside running consumers, which count again from the start of the topic.
        const reset = await site.run(['reset', 'counting']);
        expect([reset.code, reset.err]).toEqual([0, '']);
      }

      expect(await generator.end('SIGINT')).toBe(0);
      const windows = allComparable(await site.countedWindows());
      expect(await producer.end('SIGINT')).toBe(0);
      for (const consumer of consumers) expect(await consumer.end('SIGINT')).toBe(0);
      expect(await site.compareWithKcat()).toEqual([]);
      expect(windows).toEqual(allComparable(await site.replayedWindows()));
    },
    (6 + 3 * ROUNDS) * MINUTE,
  );
});

/** Does something while a program stands still, for longer than its session lasts. */
async function whilePaused<T>(program: Program | undefined, work: () => Promise<T>): Promise<T> {
  program?.process.kill('SIGSTOP');
  const [result] = await Promise.all([work(), pause(LONGER_THAN_A_SESSION_MS)]);
  program?.process.kill('SIGCONT');
  return result;
}

function shuffled(numbers: readonly number[], upTo: (max: number) => number): number[] {
  const rest = [...numbers];
  return numbers.map(() => rest.splice(upTo(rest.length - 1), 1)[0] ?? 0);
}
