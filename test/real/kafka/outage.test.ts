import { openKafka } from '../../support/kafka';
import { allComparable, KafkaSite, SITE_MS } from '../../support/kafka-site';
import { readWindows } from '../../support/topics';
import { until } from '../../support/until';

/** Longer than an actor's handler may take by default, and shorter than the programs keep trying (`retryFor`, 2 min). */
const AWAY_MS = 80_000;
const MINUTE = 60_000;

describe('a broker that is away for more than a minute', () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open({ 'generator.pauseMin': '5ms', 'generator.pauseMax': '20ms' });
  }, SITE_MS);
  afterAll(() => site.close(), SITE_MS);

  it(
    'ends no program: all continue by themselves, and no line is lost or repeated',
    async () => {
      const generator = site.start('generator');
      const producer = site.start('producer');
      const consumer = site.start('consumer');
      await producer.logged(/producer is ready/);
      await consumer.logged(/partitions assigned.*"logs"/);
      await site.countedWindows();
      await site.crashBroker(AWAY_MS);
      expect(await generator.end('SIGINT')).toBe(0);

      const replayed = [...allComparable(await site.replayedWindows())].sort();
      const log = await openKafka([site.broker]);
      try {
        await until('windows equal a replay', 4 * MINUTE, async () => {
          const windows = [...allComparable(await readWindows(log))].sort();
          return JSON.stringify(windows) === JSON.stringify(replayed);
        });
      } finally {
        await log.close();
      }
      expect(await site.compareWithKcat()).toEqual([]);
      for (const program of [producer, consumer]) expect(await program.end('SIGINT')).toBe(0);
    },
    SITE_MS + 8 * MINUTE,
  );
});
