import { Kafka, logLevel } from 'kafkajs';

import { openKafka } from '../../support/kafka';
import { allComparable, KafkaSite, SITE_MS } from '../../support/kafka-site';

const MINUTE = 60_000;

/**
 * Story: Kafka forgets the offsets of a group seven days after its last member left (`offsets.retention.minutes`). A
 * consumer that was down for longer must continue where it stopped: its positions are in its heads.
 */
describe('a consumer whose group offsets Kafka has forgotten', () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open();
  }, SITE_MS);
  afterAll(() => site.close(), SITE_MS);

  it(
    'counts every line once when it starts again',
    async () => {
      const generator = site.start('generator');
      const producer = site.start('producer');
      const before = site.start('consumer');
      await before.logged(/partitions assigned.*"logs"/);
      await site.countedWindows();
      expect(await before.end('SIGINT')).toBe(0);

      const log = await openKafka([site.broker]);
      const stood = await offsetsOf(log);
      expect(stood.filter((offset) => offset !== null)).not.toEqual([]);
      expect(await forgetGroups(site.broker)).toEqual(
        expect.arrayContaining(['telltale-alerting', 'telltale-counting']),
      );
      expect((await offsetsOf(log)).filter((offset) => offset !== null)).toEqual([]);
      await log.close();

      const after = site.start('consumer');
      await after.logged(/partitions assigned.*"logs"/);
      expect(await generator.end('SIGINT')).toBe(0);
      const windows = allComparable(await site.countedWindows());
      expect(await producer.end('SIGINT')).toBe(0);
      expect(await after.end('SIGINT')).toBe(0);
      expect(windows).toEqual(allComparable(await site.replayedWindows()));
    },
    10 * MINUTE,
  );
});

function offsetsOf(log: Awaited<ReturnType<typeof openKafka>>): Promise<(number | null)[]> {
  return Promise.all(
    Array.from({ length: 10 }, (_, partition) => log.groupOffset('telltale-counting', 'logs', partition)),
  );
}

/** Deletes all groups of Telltale with their offsets; returns their names. */
async function forgetGroups(broker: string): Promise<string[]> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.listGroups();
    const names = groups.map(({ groupId }) => groupId).filter((name) => name.startsWith('telltale-'));
    await admin.deleteGroups(names);
    return names;
  } finally {
    await admin.disconnect();
  }
}
