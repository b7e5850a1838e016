import { eventLogContract } from '../contract/event-log';
import type { RunningKafka } from '../support/kafka';
import { KAFKA_START_MS, KAFKA_VERSIONS, openKafka, runKafka } from '../support/kafka';

describe.each(KAFKA_VERSIONS)('with a real broker', (version) => {
  let kafka: RunningKafka;

  beforeAll(async () => {
    kafka = await runKafka({ version });
  }, KAFKA_START_MS);

  eventLogContract(`Kafka ${version}`, {
    stories: 10,
    fresh: () => Promise.resolve(),
    open: () => openKafka(kafka.brokers),
    close: () => kafka.stop(),
  });
});
