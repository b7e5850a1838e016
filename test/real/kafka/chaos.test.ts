import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../../../src/generator/random';
import { allComparable, KafkaSite, SITE_MS } from '../../support/kafka-site';

/** Story: programs and the broker die at random moments; no line is lost, and none is counted twice. */
const count = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const PRODUCER_KILLS = count('TELLTALE_TEST_PRODUCER_KILLS', 10);
const CONSUMER_KILLS = count('TELLTALE_TEST_CONSUMER_KILLS', 10);
const BROKER_KILLS = count('TELLTALE_TEST_BROKER_KILLS', 1);
const SEED = count('TELLTALE_TEST_SEED', Math.floor(Math.random() * 2 ** 31));
const VERSION = process.env['TELLTALE_TEST_KAFKA'] ?? '3.9.1';

const MINUTE = 60_000;

type Target = 'producer' | 'consumer' | 'broker';

describe(`producer, consumer and Kafka ${VERSION}, killed at random moments`, () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open({}, VERSION);
  }, SITE_MS);
  afterAll(() => site.close(), SITE_MS);

  it(
    `keep topic logs equal to the files (read by kcat), and windows equal to a replay, after ${PRODUCER_KILLS} kills of the producer, ${CONSUMER_KILLS} of the consumer, ${BROKER_KILLS} of the broker (seed ${SEED})`,
    async () => {
      const random = createRandom(SEED, 1);
      const generator = site.start('generator');
      const programs = { producer: site.start('producer'), consumer: site.start('consumer') };
      const atWork = { producer: /producer is ready/, consumer: /partitions assigned.*"logs"/ };

      for (const target of inRandomOrder(random.integer.bind(random))) {
        if (target === 'broker') {
          await pause(random.fraction() * 3_000);
          await site.crashBroker();
          continue;
        }
        await programs[target].logged(atWork[target]);
        await pause(random.fraction() * 3_000);
        await programs[target].end('SIGKILL');
        programs[target] = site.start(target);
      }

      expect(await generator.end('SIGINT')).toBe(0);
      const windows = allComparable(await site.countedWindows());
      expect(await programs.producer.end('SIGINT')).toBe(0);
      expect(await programs.consumer.end('SIGINT')).toBe(0);
      expect(await site.compareWithKcat()).toEqual([]);
      expect(windows).toEqual(allComparable(await site.replayedWindows()));
    },
    (15 + PRODUCER_KILLS + CONSUMER_KILLS + BROKER_KILLS) * MINUTE,
  );

  function inRandomOrder(integer: (min: number, max: number) => number): Target[] {
    const targets: Target[] = [
      ...Array<Target>(PRODUCER_KILLS).fill('producer'),
      ...Array<Target>(CONSUMER_KILLS).fill('consumer'),
      ...Array<Target>(BROKER_KILLS).fill('broker'),
    ];
    for (let i = targets.length - 1; i > 0; i--) {
      const j = integer(0, i);
      [targets[i], targets[j]] = [targets[j] ?? 'producer', targets[i] ?? 'producer'];
    }
    return targets;
  }
});
