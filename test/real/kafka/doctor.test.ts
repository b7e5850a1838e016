import { inspectKafka, type InspectedProgram } from '../../../src/adapters/kafka/inspect';
import { judgeKafka } from '../../../src/doctor/kafka';
import type { State } from '../../../src/doctor/finding';
import type { TopicSpec } from '../../../src/stream/topics';
import type { RunningKafka } from '../../support/kafka';
import { KAFKA_START_MS, kafkaOptions, openKafka, runKafka } from '../../support/kafka';

const topic = (name: string): TopicSpec => ({ name, partitions: 2, cleanup: 'compact', retentionMs: 3_600_000 });
const program: InspectedProgram = { program: 'producer', id: 'telltale-producer-doctor', reads: ['a'], writes: ['a'] };

describe('telltale doctor on Kafka', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await runKafka({ version: '3.9.1' });
  }, KAFKA_START_MS);
  afterAll(() => kafka.stop());

  const statesOf = async (specs: readonly TopicSpec[]): Promise<Readonly<Record<string, State>>> => {
    const facts = await inspectKafka(kafkaOptions(kafka.brokers), specs, [program], new AbortController().signal);
    return Object.fromEntries(judgeKafka(facts).map(({ check, state }) => [check, state]));
  };

  it('makes no topic, leaves no record, and says what differs', async () => {
    expect(await statesOf([topic('a')])).toMatchObject({ 'Kafka topics': 'warn', 'Kafka transactions': 'ok' });
    const log = await openKafka(kafka.brokers);
    await log.ensureTopics([topic('a')]);
    expect(await statesOf([topic('a')])).toEqual({
      Kafka: 'ok',
      'Kafka topics': 'ok',
      'Kafka replicas': 'warn',
      'Kafka rights of the producer': 'ok',
      'Kafka transactions': 'ok',
    });
    expect(await statesOf([{ ...topic('a'), cleanup: 'delete' }])).toMatchObject({ 'Kafka topics': 'fail' });
    const reader = log.openReader('a', 0, 0);
    const { batches } = await reader.fetch(1000, 100);
    expect(batches).toEqual([]);
    await log.close();
  });
});
