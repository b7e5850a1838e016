import { judgeAccount, type AccountFacts } from '../../../src/doctor/account';
import { judgeBucket, type BucketFacts } from '../../../src/doctor/bucket';
import { exitCodeOf, type Finding, type State } from '../../../src/doctor/finding';
import { judgeKafka, type KafkaFacts } from '../../../src/doctor/kafka';
import { judgeMachine, type MachineFacts } from '../../../src/doctor/machine';
import { judgeMail, type MailFacts } from '../../../src/doctor/mail';
import {
  isOlder,
  judgeDocument,
  judgeFailedEvents,
  judgeInstances,
  type DocumentFacts,
  type InstanceFacts,
} from '../../../src/doctor/signals';

/** Each row: what differs from facts that are all well, the check that it is about, its state, and a part of its text. */
type Row<F> = readonly [differs: Partial<F>, check: string, state: State, text: string];

function table<F>(name: string, well: F, judge: (facts: F) => readonly Finding[], rows: readonly Row<F>[]): void {
  describe(name, () => {
    test('is well', () => {
      expect(judge(well).filter(({ state }) => state !== 'ok')).toEqual([]);
      expect(judge(well).map(({ advice }) => advice)).toEqual(judge(well).map(() => null));
    });
    test.each(rows)('%j → %s is %s', (differs, check, state, text) => {
      const finding = judge({ ...well, ...differs }).find((each) => each.check === check);
      expect(finding).toMatchObject({ state, says: expect.stringContaining(text) as unknown });
      // Each finding but ok says what to do.
      expect(finding?.advice === null).toBe(state === 'ok');
      expect(`${finding?.says ?? ''} ${finding?.advice ?? ''}`).not.toMatch(/undefined|NaN|null/);
    });
  });
}

const account: AccountFacts = { arn: 'arn:aws:iam::1:role/x', region: 'eu-central-1', answeredAt: 1e12, now: 1e12 };
table('the account', account, judgeAccount, [
  [{ now: 1e12 + 60_000 }, 'clock', 'ok', '60 s'],
  [{ now: 1e12 + 61_000 }, 'clock', 'warn', 'differs by 61 s'],
  [{ now: 1e12 - 300_000 }, 'clock', 'warn', '300 s'],
  [{ now: 1e12 - 301_000 }, 'clock', 'fail', '301 s'],
  [{ answeredAt: null }, 'clock', 'warn', 'no time'],
]);

const rule = { enabled: true, prefix: '', noncurrentDays: 3, days: null };
const announced = { target: 'arn:aws:sqs:x', events: ['s3:ObjectCreated:*'], prefix: 'logs/', suffix: '' };
const bucket: BucketFacts = {
  bucket: 'b',
  versioning: 'Enabled',
  lifecycle: [rule],
  notifications: [announced],
  sendsToEventBridge: false,
};
table('the bucket', bucket, (facts) => judgeBucket(facts, 'logs/'), [
  [{ versioning: null }, 'bucket versions', 'warn', 'does not keep versions'],
  [{ versioning: 'Suspended' }, 'bucket versions', 'warn', 'does not keep versions'],
  [{ lifecycle: [] }, 'bucket lifecycle', 'warn', 'never deleted'],
  [{ lifecycle: [{ ...rule, enabled: false }] }, 'bucket lifecycle', 'warn', 'never deleted'],
  [{ lifecycle: [{ ...rule, prefix: 'other/' }] }, 'bucket lifecycle', 'warn', 'never deleted'],
  [{ lifecycle: [{ ...rule, prefix: 'logs/' }] }, 'bucket lifecycle', 'ok', 'after 3 days'],
  [{ lifecycle: [], versioning: null }, 'bucket lifecycle', 'ok', 'no versions'],
  [{ lifecycle: [{ ...rule, days: 0 }] }, 'bucket lifecycle', 'fail', 'on the day of their upload'],
  [{ notifications: [] }, 'bucket notification', 'warn', 'not announced'],
  [{ notifications: [], sendsToEventBridge: true }, 'bucket notification', 'ok', 'EventBridge'],
  [{ notifications: [{ ...announced, prefix: '' }] }, 'bucket notification', 'ok', 'arn:aws:sqs:x'],
  [{ notifications: [{ ...announced, prefix: 'log/' }] }, 'bucket notification', 'warn', 'log/*'],
  [{ notifications: [{ ...announced, suffix: '.gz' }] }, 'bucket notification', 'warn', '.gz'],
  [{ notifications: [{ ...announced, events: ['s3:ObjectCreated:Put'] }] }, 'bucket notification', 'warn', 'Put'],
  [
    { notifications: [{ ...announced, events: ['s3:ObjectRemoved:*'] }] },
    'bucket notification',
    'warn',
    'not announced',
  ],
]);

const ours = { schemaVersion: '2.2', mainSteps: [{ action: 'a' }] };
const online = { id: 'i-1', agent: '3.3.2746.0', ping: 'Online' };
interface SignalFacts {
  readonly document: DocumentFacts | null;
  readonly instances: readonly InstanceFacts[] | null;
  readonly failedEvents: number | null;
}
const signals: SignalFacts = {
  // The order of keys makes no difference.
  document: { name: 'doc', content: '{"mainSteps": [{"action": "a"}], "schemaVersion": "2.2"}' },
  instances: [online],
  failedEvents: 0,
};
const judgeSignals = ({ document, instances, failedEvents }: SignalFacts): readonly Finding[] => [
  ...judgeDocument(document, ours),
  ...judgeInstances(instances),
  ...judgeFailedEvents(failedEvents),
];
table('signals', signals, judgeSignals, [
  [{ document: null }, 'document', 'unknown', 'names no document'],
  [{ document: { name: 'doc', content: null } }, 'document', 'fail', 'no document doc'],
  [
    { document: { name: 'doc', content: '{"schemaVersion": "2.2"}' } },
    'document',
    'fail',
    'not the one of this version',
  ],
  [{ document: { name: 'doc', content: 'schemaVersion: 2.2' } }, 'document', 'fail', 'not the one of this version'],
  [{ instances: null }, 'agent', 'unknown', 'names no environment'],
  [{ instances: [] }, 'agent', 'fail', 'no instance'],
  [{ instances: [{ ...online, ping: 'ConnectionLost' }] }, 'agent', 'fail', 'does not answer SSM (ConnectionLost)'],
  [{ instances: [{ ...online, agent: '3.3.1802.0' }] }, 'agent', 'fail', 'version 3.3.1802.0'],
  [{ instances: [{ ...online, agent: '3.10.0.0' }] }, 'agent', 'ok', 'version 3.10.0.0'],
  [{ failedEvents: 7 }, 'failed events', 'warn', '7 events'],
  [{ failedEvents: null }, 'failed events', 'unknown', 'names no queue'],
]);

const mail: MailFacts = {
  receiver: 'ses',
  region: 'eu-central-1',
  isProduction: true,
  maySend: true,
  quota: 50_000,
  sent: 10,
  identity: { name: 'example.com', verified: true, dkim: 'SUCCESS' },
  suppressed: [],
  recipients: 2,
};
const about = (check: string): string => `receiver ses: ${check}`;
table('mail', mail, judgeMail, [
  [{ isProduction: false }, about('account'), 'warn', 'sandbox'],
  [{ maySend: false }, about('account'), 'fail', 'stopped'],
  [{ identity: null }, about('identity'), 'fail', 'knows neither'],
  [{ identity: { name: 'example.com', verified: false, dkim: 'SUCCESS' } }, about('identity'), 'fail', 'not verified'],
  [{ identity: { name: 'example.com', verified: true, dkim: 'PENDING' } }, about('DKIM'), 'warn', 'PENDING'],
  [{ quota: -1 }, about('quota'), 'ok', 'no limit'],
  [{ sent: 39_999 }, about('quota'), 'ok', '39999 of 50000'],
  [{ sent: 40_000 }, about('quota'), 'warn', '40000 of 50000'],
  [{ sent: 50_000 }, about('quota'), 'fail', '50000 of 50000'],
  [{ suppressed: [{ address: 'a@b.c', reason: 'BOUNCE' }] }, about('recipients'), 'fail', 'a@b.c (BOUNCE)'],
]);

const machine: MachineFacts = {
  dataDir: '/var/lib/telltale',
  disk: { bytes: 100, free: 50 },
  producerAnswers: true,
  awsCli: 'aws-cli/2.23.6 Python/3.13.5 Linux/6.12 source/x86_64.debian.13',
};
table('the machine', machine, judgeMachine, [
  [{ disk: { bytes: 100, free: 20 } }, 'disk', 'ok', '80 %'],
  [{ disk: { bytes: 100, free: 19 } }, 'disk', 'warn', '81 %'],
  [{ disk: { bytes: 100, free: 4 } }, 'disk', 'fail', '96 %'],
  [{ disk: null }, 'disk', 'unknown', 'not on this machine'],
  [{ producerAnswers: false }, 'producer', 'fail', 'does not answer'],
  [{ producerAnswers: null }, 'producer', 'unknown', 'no producer runs'],
  [{ awsCli: null }, 'AWS CLI', 'ok', 'there is none'],
  [{ awsCli: 'aws-cli/2.22.35 Python/3.12' }, 'AWS CLI', 'warn', '2.22.35'],
  [{ awsCli: 'aws-cli/1.46.3 Python/3.12' }, 'AWS CLI', 'warn', 'awscrt'],
  [{ awsCli: 'broken' }, 'AWS CLI', 'unknown', 'not known'],
]);

const topic = { name: 'logs', exists: true, replicas: 3, inSync: 3 };
const kafka: KafkaFacts = {
  brokers: 3,
  topics: [topic],
  mismatch: null,
  rights: [
    { program: 'producer', denied: null },
    { program: 'consumer', denied: null },
  ],
  transactions: 'work',
  problem: null,
};
const denied = (program: string): KafkaFacts['rights'][number] => ({ program, denied: 'it may not write logs' });
table('Kafka', kafka, judgeKafka, [
  [{ mismatch: 'The topic logs has cleanup.policy compact' }, 'Kafka topics', 'fail', 'cleanup.policy'],
  [{ topics: [topic, { ...topic, name: 'outbox', exists: false }] }, 'Kafka topics', 'warn', 'no outbox'],
  [{ topics: [{ ...topic, inSync: 2 }] }, 'Kafka replicas', 'warn', 'not up to date'],
  [{ topics: [{ ...topic, replicas: 1, inSync: 1 }] }, 'Kafka replicas', 'warn', 'one replica'],
  [{ topics: [{ ...topic, replicas: 1, inSync: 1 }], brokers: 1 }, 'Kafka replicas', 'warn', 'one replica'],
  [{ rights: [denied('producer'), kafka.rights[1] ?? denied('x')] }, 'Kafka rights of the producer', 'warn', 'may not'],
  [{ rights: [denied('producer'), denied('consumer')] }, 'Kafka rights of the consumer', 'fail', 'may not'],
  [{ transactions: null }, 'Kafka transactions', 'unknown', 'may open none'],
  [{ transactions: 'fail', problem: 'not authorized' }, 'Kafka transactions', 'fail', 'not authorized'],
]);

test.each([
  ['3.3.2745.9', true],
  ['3.3.2746.0', false],
  ['3.3.2746', false],
  ['4.0', false],
  ['3.2.9999.0', true],
  ['', true],
])('version %j is older than 3.3.2746: %s', (version, older) => {
  expect(isOlder(version, '3.3.2746')).toBe(older);
});

test.each([
  [['ok', 'warn'], 0],
  [['ok', 'unknown'], 1],
  [['fail', 'ok'], 1],
  [[], 0],
] as const)('the exit code of %j is %d', (states, code) => {
  expect(exitCodeOf(states.map((state) => ({ check: 'x', state, says: 'x', advice: null })))).toBe(code);
});
