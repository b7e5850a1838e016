import type { KafkaRights } from './kafka';

/** The rights of each program, as docs/kafka.md lists them; a test compares the two. */
export const kafkaRights: Readonly<Record<'producer' | 'consumer', KafkaRights>> = {
  producer: {
    reads: ['checkpoints', 'sketches'],
    writes: ['checkpoints', 'sketches', 'logs', 'quarantine', 'progress'],
    transactionalIds: ['telltale-producer-'],
    groups: [],
  },
  consumer: {
    reads: ['logs', 'checkpoints', 'windows', 'counting-state', 'state', 'outbox', 'alerting-state', 'progress'],
    writes: ['windows', 'counting-state', 'state', 'outbox', 'alerting-state', 'progress', 'quarantine'],
    transactionalIds: ['telltale-counting-', 'telltale-alerting-', 'telltale-mailer'],
    groups: ['telltale-counting', 'telltale-alerting', 'telltale-mailer'],
  },
};

/** Every program checks all topics, and makes the missing ones. */
export const allTopics: readonly string[] = [
  ...new Set(Object.values(kafkaRights).flatMap(({ reads, writes }) => [...reads, ...writes])),
];
