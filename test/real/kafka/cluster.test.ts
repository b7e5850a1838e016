import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EventLog } from '../../../src/ports/event-log';
import { openWriter, readAll, readCount, valuesOf, write } from '../../contract/records';
import type { RunningKafka } from '../../support/kafka';
import { KAFKA_START_MS, freePort, openKafka, runKafka } from '../../support/kafka';

describe('a Kafka of three brokers', () => {
  let data = '';
  let kafka: RunningKafka;
  let log: EventLog;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'telltale-kafka-'));
    kafka = await runKafka({ version: '4.3.1', nodes: 3, port: await freePort(), data });
    log = await openKafka(kafka.brokers);
  }, KAFKA_START_MS);
  afterAll(async () => {
    await log.close();
    await kafka.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('takes and returns records as soon as its topics are made', async () => {
    for (let i = 0; i < 5; i++) {
      const topic = `fresh-${i}`;
      await log.ensureTopics([{ name: topic, partitions: 6, cleanup: 'delete', retentionMs: 1e12 }]);
      const other = await openKafka(kafka.brokers.slice(-1));
      const writer = await openWriter(other, `writer-${topic}`, topic);
      for (let partition = 0; partition < 6; partition++) await write(writer, topic, partition, 'value');
      for (let partition = 0; partition < 6; partition++) {
        expect(valuesOf(await readCount(log, topic, partition, 1))).toEqual(['value']);
      }
      await other.close();
    }
  }, 60_000);

  it('loses nothing and repeats nothing when a broker is killed in the middle of transactions', async () => {
    const topic = 'killed';
    await log.ensureTopics([{ name: topic, partitions: 3, cleanup: 'delete', retentionMs: 1e12 }]);
    const expected: string[][] = [[], [], []];
    let writer = await openWriter(log, 'killed', topic);
    for (let step = 0; step < 60; step++) {
      const partition = step % 3;
      if (step === 20) process.kill(await leaderProcess(data), 'SIGKILL');
      const value = `${step}`;
      try {
        await write(writer, topic, partition, value);
        expected[partition]?.push(value);
      } catch {
        // As every owner of a writer does: open a new one, read the committed records, and continue from there.
        await writer.close();
        writer = await openWriter(log, 'killed', topic);
        const seen = await readAll(log, topic, partition);
        if (!seen.includes(value)) await write(writer, topic, partition, value);
        expected[partition]?.push(value);
      }
    }
    for (const [partition, values] of expected.entries()) {
      expect(await readAll(log, topic, partition)).toEqual(values);
    }
  }, 120_000);
});

/** The process of node 1, which leads a third of all partitions. */
async function leaderProcess(data: string): Promise<number> {
  return Number(await readFile(join(data, 'node-1', 'pid'), 'utf8'));
}
