import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Kafka, logLevel, type Consumer } from 'kafkajs';

import type { EventLog } from '../../../src/ports/event-log';
import { GroupMember } from '../../contract/group-member';
import { batchOf, openWriter, readAll, row, write } from '../../contract/records';
import type { RunningKafka } from '../../support/kafka';
import { KAFKA_START_MS, openKafka, runKafka } from '../../support/kafka';
import { until } from '../../support/until';

const MINUTE = 60_000;

describe('what the Kafka event log says when it cannot go on', () => {
  let kafka: RunningKafka;
  let log: EventLog;
  let topics = 0;
  let topic = '';

  beforeAll(async () => {
    kafka = await runKafka({ version: '3.9.1' });
  }, KAFKA_START_MS);
  afterAll(() => kafka.stop());
  beforeEach(async () => {
    topic = `health-${++topics}`;
    log = await openKafka(kafka.brokers);
    await log.ensureTopics([{ name: topic, partitions: 2, cleanup: 'delete', retentionMs: 1e12 }]);
  });
  afterEach(() => log.close());

  const sentences = (): string[] => log.problems().map(({ problem }) => problem);

  it(
    'names a group that another program is a member of, and joins when that one has left',
    async () => {
      const group = `telltale-${topic}`;
      const other = spawn('kcat', ['-b', kafka.brokers.join(','), '-G', group, topic], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const ended = once(other, 'exit');
      for await (const said of other.stderr) if (String(said).includes('assigned')) break;
      other.stderr.resume();
      const member = new GroupMember('one', []);
      await member.join(log, group, topic);
      await until('the group is named', MINUTE, () => Promise.resolve(sentences().length > 0));
      expect(sentences()).toEqual([
        `Cannot use the group ${group}, which assigns the partitions of topic ${topic}: ` +
          'a program that is not Telltale is a member of it. End that program, or give it another group.',
      ]);
      other.kill('SIGTERM');
      await ended;
      await member.has(2);
      expect(sentences()).toEqual([]);
      await member.leave();
    },
    3 * MINUTE,
  );

  it(
    'names a member that is not Telltale and assigns partitions as Telltale does, and leaves it none',
    async () => {
      const group = `telltale-${topic}`;
      const kafkajs = new Kafka({ brokers: [...kafka.brokers], clientId: 'other', logLevel: logLevel.NOTHING });
      const consume = async (): Promise<Consumer> => {
        const consumer = kafkajs.consumer({ groupId: group });
        await consumer.connect();
        await consumer.subscribe({ topic });
        const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
        await consumer.run({ eachMessage: () => Promise.resolve() });
        await joined;
        return consumer;
      };
      const sentence = expect.stringMatching(
        `^The group ${group}, which assigns the partitions of topic ${topic}, has a member that is not Telltale \\("other-`,
      ) as string;
      const leading = await consume();
      const member = new GroupMember('one', []);
      await member.join(log, group, topic);
      await until('a leader is named', MINUTE, () => Promise.resolve(sentences().length > 0));
      expect(sentences()).toEqual([sentence]);
      await leading.disconnect();
      await member.has(2);
      expect(sentences()).toEqual([]);

      const following = await consume();
      await until('a member is named', MINUTE, () => Promise.resolve(sentences().length > 0));
      expect(sentences()).toEqual([sentence]);
      await member.has(2);
      await following.disconnect();
      await until('it has left', MINUTE, () => Promise.resolve(sentences().length === 0));
      await member.leave();
    },
    3 * MINUTE,
  );

  it(
    'names the transaction that holds back records, until it has ended',
    async () => {
      const holding = (await openWriter(log, `holding-${topic}`, topic)).begin();
      await holding.append(topic, 0, batchOf(row('held back')));
      await write(await openWriter(log, `other-${topic}`, topic), topic, 0, 'after it');
      // The reader believes that transactions end at once, so it need not wait a minute.
      const impatient = await openKafka(kafka.brokers, { transactionTimeoutMs: 0 });
      const reader = impatient.openReader(topic, 0, 0);
      const problems = (): string[] => impatient.problems().map(({ problem }) => problem);
      await until('it is named', MINUTE, async () => {
        expect((await reader.fetch(1_000, 1_000)).batches).toEqual([]);
        return problems().length > 0;
      });
      expect(problems()).toEqual([
        `Cannot read ${topic}/0: a transaction holds back the records from offset 0 to 3: ` +
          'find it with kafka-transactions.sh find-hanging, and abort it.',
      ]);
      await holding.commit();
      await until('it is read', MINUTE, async () => (await reader.fetch(1_000, 1_000)).batches.length > 0);
      expect(problems()).toEqual([]);
      await impatient.close();
    },
    3 * MINUTE,
  );

  it('says which setting of the brokers allows too short a transaction', async () => {
    const eager = await openKafka(kafka.brokers, { transactionTimeoutMs: 24 * 60 * MINUTE });
    await expect(openWriter(eager, 'too-long', topic)).rejects.toMatchObject({
      code: 'EVENT_LOG_UNSUPPORTED',
      message:
        'Cannot open the writer too-long: its transactions may take 86400000 ms, and the brokers allow less. ' +
        'Set transaction.max.timeout.ms of the brokers to 86400000 or more.',
    });
    await eager.close();
  });

  it('makes many calls at once without a warning of Node', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): number => warnings.push(name);
    process.on('warning', onWarning);
    try {
      const writer = await openWriter(log, `many-${topic}`, topic);
      for (let i = 0; i < 20; i++) await write(writer, topic, 0, `${i}`);
      await Promise.all(Array.from({ length: 30 }, () => log.offsets(topic, 0)));
      const readers = Array.from({ length: 30 }, () => log.openReader(topic, 1, 0));
      await Promise.all(readers.map((reader) => reader.fetch(1, 50)));
      expect(await readAll(log, topic, 0)).toHaveLength(20);
      await new Promise(setImmediate);
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', onWarning);
    }
  });
});
