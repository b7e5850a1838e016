import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EventLog, EventWriter } from '../../../src/ports/event-log';
import { GroupMember } from '../../contract/group-member';
import { batchOf, openWriter, readAll, readCount, row, valuesOf, write } from '../../contract/records';
import type { RunningKafka } from '../../support/kafka';
import { KAFKA_START_MS, freePort, openKafka, runKafka } from '../../support/kafka';
import type { CommitFault } from '../../support/kafka-proxy';
import { KafkaProxy } from '../../support/kafka-proxy';

const version = '3.9.1';

describe('the Kafka event log when the network fails', () => {
  let kafka: RunningKafka;
  let proxy: KafkaProxy;
  let log: EventLog;
  let topics = 0;
  let topic = '';
  let id = '';

  beforeAll(async () => {
    const [port, advertise] = [await freePort(), await freePort()];
    kafka = await runKafka({ version, port, advertise });
    proxy = await KafkaProxy.start(advertise, port);
  }, KAFKA_START_MS);
  afterAll(async () => {
    await proxy.close();
    await kafka.stop();
  });

  beforeEach(async () => {
    topic = `faults-${++topics}`;
    id = `writer-${topic}`;
    log = await openKafka(kafka.brokers, { requestTimeoutMs: 2_000, retryForMs: 20_000 });
    await log.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete', retentionMs: 1e12 }]);
  });
  afterEach(async () => {
    proxy.delay(0);
    await log.close();
  });

  it.each<[CommitFault, boolean]>([
    ['answer lost', true],
    ['answer swallowed', true],
    ['request lost', false],
  ])(
    'reports an unknown outcome when a commit ends with its %s, and the next writer reads the truth',
    async (fault, happened) => {
      const writer = await openWriter(log, id, topic);
      await write(writer, topic, 0, 'before');
      const transaction = writer.begin();
      await transaction.append(topic, 0, batchOf(row('unsure')));
      proxy.breakNextCommit(fault);
      await expect(transaction.commit()).rejects.toMatchObject({ code: 'COMMIT_OUTCOME_UNKNOWN' });
      expect(() => writer.begin()).toThrow('close it and open a new one');
      await writer.close();

      const next = await openWriter(log, id, topic);
      const truth = happened ? ['before', 'unsure'] : ['before'];
      expect(await readAll(log, topic, 0)).toEqual(truth);
      await write(next, topic, 0, 'after');
      expect(await readAll(log, topic, 0)).toEqual([...truth, 'after']);
    },
  );

  it('appends a batch once when it repeats it after a cut connection', async () => {
    const writer = await openWriter(log, id, topic);
    const transaction = writer.begin();
    const values = Array.from({ length: 40 }, (_, i) => `${i}`);
    for (const [i, value] of values.entries()) {
      const appending = transaction.append(topic, 0, batchOf(row(value)));
      if (i % 3 === 0) setImmediate(() => proxy.cut());
      await appending;
    }
    await transaction.commit();
    expect(valuesOf(await readCount(log, topic, 0, values.length))).toEqual(values);
  });

  it('returns later records to a waiting reader whose connection was cut', async () => {
    const writer = await openWriter(log, id, topic);
    const reader = log.openReader(topic, 0, 0);
    const waiting = reader.fetch(1024, 20_000);
    proxy.cut();
    await write(writer, topic, 0, 'later');
    expect((await waiting).batches).toHaveLength(1);
  });

  it('closes without waiting for a silent broker', async () => {
    const reader = log.openReader(topic, 0, 0);
    await reader.fetch(1024, 0);
    const transaction = (await openWriter(log, id, topic)).begin();
    await transaction.append(topic, 0, batchOf(row('open')));
    const member = new GroupMember('member', []);
    await member.join(log, `group-${topic}`, topic);
    await member.has(1);
    proxy.delay(60_000);
    const waiting = expect(reader.fetch(1024, 60_000)).rejects.toMatchObject({ code: 'CLOSED' });
    const started = performance.now();
    await log.close();
    await waiting;
    expect(member.partitions.size).toBe(0);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a Kafka that is restarted', () => {
  it('serves the same writer and reader again', async () => {
    const port = await freePort();
    const data = await mkdtemp(join(tmpdir(), 'telltale-kafka-'));
    let kafka = await runKafka({ version, port, data });
    const log = await openKafka(kafka.brokers);
    await log.ensureTopics([{ name: 'restart', partitions: 1, cleanup: 'delete', retentionMs: 1e12 }]);
    const writer: EventWriter = await openWriter(log, 'restart', 'restart');
    await write(writer, 'restart', 0, 'before');
    const reader = log.openReader('restart', 0, 0);
    const { next } = await reader.fetch(1024, 10_000);
    await kafka.stop();
    const waiting = reader.fetch(1024, 60_000);
    const writing = write(writer, 'restart', 0, 'after');
    kafka = await runKafka({ version, port, data });
    await writing;
    const fetched = await waiting;
    expect(fetched.from).toBe(next);
    expect(await readAll(log, 'restart', 0)).toEqual(['before', 'after']);
    await log.close();
    await kafka.stop();
    await rm(data, { recursive: true, force: true });
  }, 120_000);
});
