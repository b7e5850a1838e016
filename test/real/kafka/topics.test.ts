import type { Admin } from 'kafkajs';
import { Kafka, logLevel } from 'kafkajs';

import type { EventLog } from '../../../src/ports/event-log';
import type { TopicSpec } from '../../../src/stream/topics';
import { batchOf, openWriter, readCount, row, write } from '../../contract/records';
import type { RunningKafka } from '../../support/kafka';
import { KAFKA_START_MS, openKafka, runKafka } from '../../support/kafka';
import { until } from '../../support/until';

const HOUR = 3_600_000;

describe('a Kafka topic that Telltale did not make', () => {
  let kafka: RunningKafka;
  let admin: Admin;
  let log: EventLog;

  beforeAll(async () => {
    kafka = await runKafka({ version: '3.9.1' });
    admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    log = await openKafka(kafka.brokers);
  }, KAFKA_START_MS);
  afterAll(async () => {
    await log.close();
    await admin.disconnect();
    await kafka.stop();
  });

  const make = async (topic: string, config: Record<string, string>): Promise<TopicSpec> => {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: false });
    return { name: topic, partitions: 1, cleanup: 'compact', retentionMs: HOUR };
  };

  it('is accepted when it has the settings that the version before gave it', async () => {
    const before = { 'cleanup.policy': 'compact', 'message.timestamp.type': 'CreateTime', 'segment.ms': '3600000' };
    await log.ensureTopics([await make('version-before', before)]);
  });

  it.each([
    ['a longer compaction lag', { 'min.compaction.lag.ms': '7200000' }],
    ['gzip, which readers can read', { 'compression.type': 'gzip' }],
    ['no compression', { 'compression.type': 'uncompressed' }],
  ])('is accepted when it has %s', async (name, config) => {
    const spec = await make(name.replaceAll(/\W+/g, '-'), { 'cleanup.policy': 'compact', ...config });
    await log.ensureTopics([{ ...spec, compactionLagMs: 'min.compaction.lag.ms' in config ? HOUR : 0 }]);
  });

  it.each([
    ['min.compaction.lag.ms 60000, not 3600000', { 'min.compaction.lag.ms': '60000' }],
    ['compression.type zstd, not producer', { 'compression.type': 'zstd' }],
    ['message.timestamp.type LogAppendTime, not CreateTime', { 'message.timestamp.type': 'LogAppendTime' }],
    ['cleanup.policy delete, not compact', { 'cleanup.policy': 'delete' }],
    ['max.message.bytes 10000, not 1048576 or more', { 'max.message.bytes': '10000' }],
  ])('is refused when it has %s', async (difference, config) => {
    const settings = { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': `${HOUR}`, ...config };
    const spec = await make(`refused-${Object.keys(config).join('')}`, settings);
    const error: unknown = await log.ensureTopics([{ ...spec, compactionLagMs: HOUR }]).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'TOPIC_MISMATCH' });
    expect(String(error)).toContain(difference);
  });

  it('may have more partitions than are used, as long as those are empty', async () => {
    const spec = await make('grown', { 'cleanup.policy': 'compact' });
    await admin.createPartitions({ topicPartitions: [{ topic: spec.name, count: 3 }] });
    await log.ensureTopics([spec]);
    const mismatch = { code: 'TOPIC_MISMATCH' };
    await expect(log.ensureTopics([{ ...spec, partitions: 4 }])).rejects.toMatchObject(mismatch);
    await write(await openWriter(log, 'growing', spec.name), spec.name, 2, 'used');
    await readCount(log, spec.name, 2, 1);
    await expect(log.ensureTopics([spec])).rejects.toMatchObject(mismatch);
    await log.ensureTopics([{ ...spec, partitions: 3 }]);
  });

  it('ends its readers when it is deleted and created again', async () => {
    const spec = await make('again', { 'cleanup.policy': 'compact' });
    const writer = await openWriter(log, 'before', spec.name);
    for (const value of ['a', 'b', 'c']) await write(writer, spec.name, 0, value);
    await writer.close();
    await readCount(log, spec.name, 0, 3);
    const { end } = await log.offsets(spec.name, 0);
    const reader = log.openReader(spec.name, 0, end);
    await reader.fetch(1, 0);
    await admin.deleteTopics({ topics: [spec.name] });
    const create = (): Promise<boolean> =>
      make('again', { 'cleanup.policy': 'compact' }).then(
        () => true,
        () => false,
      );
    await until('the topic exists again', 60_000, create);
    const read = async (): Promise<string> => {
      try {
        await reader.fetch(1, 0);
        return 'nothing';
      } catch (error) {
        return String(error);
      }
    };
    let said = '';
    await until('the reader reports it', 60_000, async () => (said = await read()).includes('created again'));
    expect(said).toContain(`again/0 was read up to offset ${end} and ends at 0 now`);
  });

  it('names the setting of the largest batch when it does not take that batch', async () => {
    const spec = await make('small-batches', { 'cleanup.policy': 'compact', 'max.message.bytes': '10000' });
    const largestBatch = { bytes: 9_000, setting: 'ingest.batchBytes' };
    await log.ensureTopics([{ ...spec, largestBatch }]);
    await expect(log.ensureTopics([{ ...spec, largestBatch: { ...largestBatch, bytes: 20_000 } }])).rejects.toThrow(
      'The topic small-batches has max.message.bytes 10000, not 20000 or more (raise it, or lower ingest.batchBytes).',
    );
  });

  it('gives its records the time of their append when it has LogAppendTime', async () => {
    const { name } = await make('append-time', { 'message.timestamp.type': 'LogAppendTime' });
    const transaction = (await openWriter(log, 'appending', name)).begin();
    const before = Date.now();
    await transaction.append(name, 0, batchOf(row('old line'), { ...row('older line'), timestamp: 17 }));
    await transaction.commit();
    const [one, two] = await readCount(log, name, 0, 2);
    expect(one?.timestamp).toBeGreaterThanOrEqual(before);
    expect(two?.timestamp).toBe(one?.timestamp);
  });
});
