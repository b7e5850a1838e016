import { fail, ok, unknown, warn, type Finding } from './finding';

/** The state of a Kafka cluster, and the rights of this user. */
export interface KafkaFacts {
  readonly brokers: number;
  readonly topics: readonly KafkaTopicFacts[];
  /** How the settings of a topic differ from those that Telltale needs; null when they do not. */
  readonly mismatch: string | null;
  /** By program; `denied` names the topic, group or transactional id. */
  readonly rights: readonly { readonly program: string; readonly denied: string | null }[];
  /** Whether a transaction could be opened and aborted; null: no right allows it. */
  readonly transactions: 'work' | 'fail' | null;
  /** Why they do not work. */
  readonly problem: string | null;
}

export interface KafkaTopicFacts {
  readonly name: string;
  readonly exists: boolean;
  /** Replicas of the partition that has the fewest. */
  readonly replicas: number;
  /** Replicas that are up to date, of the partition that has the fewest. */
  readonly inSync: number;
}

export function judgeKafka(facts: KafkaFacts): readonly Finding[] {
  return [
    ok('Kafka', `${facts.brokers} brokers answer`),
    judgeTopics(facts),
    judgeReplicas(facts),
    ...facts.rights.map(({ program, denied }) => judgeRights(program, denied, facts)),
    judgeTransactions(facts),
  ];
}

function judgeTopics({ topics, mismatch }: KafkaFacts): Finding {
  const check = 'Kafka topics';
  if (mismatch !== null)
    return fail(check, mismatch, 'Correct the setting with kafka-configs.sh: docs/kafka.md, Topics.');
  const missing = topics.filter(({ exists }) => !exists).map(({ name }) => name);
  if (missing.length === 0) return ok(check, `all ${topics.length} have the settings of this version`);
  const advice = 'The first program that starts makes them, if its user may create topics.';
  return warn(check, `there is no ${missing.join(', ')}`, advice);
}

function judgeReplicas({ topics, brokers }: KafkaFacts): Finding {
  const check = 'Kafka replicas';
  const existing = topics.filter(({ exists }) => exists);
  const behind = existing.filter(({ inSync, replicas }) => inSync < replicas).map(({ name }) => name);
  if (behind.length > 0) {
    const advice = 'A broker is down or slow: wait for it, or replace it.';
    return warn(check, `replicas of ${behind.join(', ')} are not up to date`, advice);
  }
  const single = existing.filter(({ replicas }) => replicas < 2).map(({ name }) => name);
  if (single.length === 0) return ok(check, 'every partition has replicas that are up to date');
  const says = `${single.join(', ')} has one replica: what a broker loses is gone`;
  return brokers < 2
    ? warn(check, says, 'Run three brokers where the log must outlive one of them.')
    : warn(check, says, 'Raise the replicas with kafka-reassign-partitions.sh.');
}

function judgeRights(program: string, denied: string | null, { rights }: KafkaFacts): Finding {
  const check = `Kafka rights of the ${program}`;
  if (denied === null) return ok(check, 'this user has all of them');
  const advice = 'Grant it: docs/kafka.md, Rights.';
  const others = rights.some((other) => other.program !== program && other.denied === null);
  return others
    ? warn(check, denied, `${advice} Nothing to do where the programs have users of their own.`)
    : fail(check, denied, advice);
}

function judgeTransactions({ transactions, problem }: KafkaFacts): Finding {
  const check = 'Kafka transactions';
  if (transactions === 'work') return ok(check, 'one was opened and aborted');
  if (transactions === null) {
    return unknown(check, 'this user may open none', 'Grant the rights of a program: docs/kafka.md, Rights.');
  }
  const advice =
    'Telltale needs a cluster that authorizes transactions: MSK provisioned does, MSK Serverless does not.';
  return fail(check, problem ?? 'they do not work', advice);
}
