import { KafkaSite, SITE_MS } from '../../support/kafka-site';

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

      await site.untilReplayed(4 * MINUTE);
      expect(await site.compareWithKcat()).toEqual([]);
      for (const program of [producer, consumer]) expect(await program.end('SIGINT')).toBe(0);
    },
    SITE_MS + 8 * MINUTE,
  );
});
