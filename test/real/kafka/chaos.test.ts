import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../../../src/domain/generator/random';
import { freePort, runKafka, type RunningKafka } from '../../support/kafka';
import { allComparable, KafkaSite } from '../../support/kafka-site';

/** Story: programs and the broker die at random moments, and nothing is lost and nothing comes twice. */
const count = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const PRODUCER_KILLS = count('TELLTALE_TEST_PRODUCER_KILLS', 10);
const CONSUMER_KILLS = count('TELLTALE_TEST_CONSUMER_KILLS', 10);
const BROKER_KILLS = count('TELLTALE_TEST_BROKER_KILLS', 1);
const SEED = count('TELLTALE_TEST_SEED', Math.floor(Math.random() * 2 ** 31));
const VERSION = process.env['TELLTALE_TEST_KAFKA'] ?? '3.9.1';

const MINUTE = 60_000;

type Target = 'producer' | 'consumer' | 'broker';

describe(`producer, consumer and Kafka ${VERSION}, killed at random moments`, () => {
  const data = mkdtempSync(join(tmpdir(), 'telltale-chaos-'));
  const brokerData = join(data, 'kafka');
  let kafka: RunningKafka;
  let port = 0;
  let site: KafkaSite;

  beforeAll(async () => {
    port = await freePort();
    kafka = await runKafka({ version: VERSION, port, data: brokerData });
    site = new KafkaSite(data, `127.0.0.1:${port}`);
  }, 3 * MINUTE);
  afterAll(async () => {
    await site.killAll();
    await kafka.stop();
    rmSync(data, { recursive: true, force: true });
  }, MINUTE);

  it(
    `topic logs, read by kcat, equals the files, and windows equal a replay, after ${PRODUCER_KILLS} kills of the producer, ${CONSUMER_KILLS} of the consumer, ${BROKER_KILLS} of the broker (seed ${SEED})`,
    async () => {
      const random = createRandom(SEED, 1);
      const generator = site.start('generator');
      const programs = { producer: site.start('producer'), consumer: site.start('consumer') };
      const atWork = { producer: /producer is ready/, consumer: /partitions assigned.*"logs"/ };

      for (const target of inRandomOrder(random.integer.bind(random))) {
        if (target === 'broker') {
          await pause(random.fraction() * 3_000);
          await crashBroker();
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

  async function crashBroker(): Promise<void> {
    // The Java process alone has the broker's properties, which lie in its folder, on its command line.
    spawnSync('pkill', ['-9', '-f', `kafka\\.Kafka ${brokerData}`]);
    await kafka.stop();
    kafka = await runKafka({ version: VERSION, port, data: brokerData });
  }
});
