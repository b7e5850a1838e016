import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { EventLog } from '../../../src/ports/event-log';
import { GroupMember } from '../../contract/group-member';
import { openWriter, readAll, write } from '../../contract/records';
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
