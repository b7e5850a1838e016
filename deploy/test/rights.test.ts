import { runSimulation } from '@cloud-copilot/iam-simulate';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaRights } from '../lib/kafka-rights';
import { repository } from '../lib/document';
import { account, region, resolved } from './support/resolved';
import { large, resourcesOf, small, templateOf } from './support/stacks';

/** What a role may do, and what it may not, by the policies of the template. */
interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly with?: Readonly<Record<string, string>>;
}

const withQueue = policiesOf(templateOf(small));
const withMsk = policiesOf(templateOf(large));

const bucket = withQueue.arnOf(/^IngestLogs/, 'AWS::S3::Bucket', (id) => `arn:aws:s3:::${id.toLowerCase()}`);
const events = withQueue.arnOf(/^IngestEvents/, 'AWS::SQS::Queue', (id) => `arn:aws:sqs:${region}:${account}:${id}`);
const documentName = withQueue.arnOf(/^IngestSignal/, 'AWS::SSM::Document', (id) => id);
const identity = `arn:aws:ses:${region}:${account}:identity/example.com`;
const document = `arn:aws:ssm:${region}:${account}:document/${documentName}`;
const instance = `arn:aws:ec2:${region}:${account}:instance/i-0abc`;
const signals = { 'aws:ResourceTag/telltale:signals': 'prod' };
const line = `${bucket}/logs/web-1/app.log`;
const beside = `${bucket}/other/web-1/app.log`;
const kafka = (kind: string, name: string): string => {
  const cluster = withMsk.arnOf(/^KafkaCluster/, 'AWS::MSK::Cluster', (id) => id);
  return `arn:aws:kafka:${region}:${account}:${kind}/${cluster}/uuid/${name}`;
};

interface Row extends Asked {
  readonly role: string;
  readonly answer: 'Allowed' | 'ImplicitlyDenied';
}

const table = (role: string, answer: Row['answer'], rows: readonly Asked[]): readonly Row[] =>
  rows.map((row) => ({ role, answer, ...row }));

describe('the rights of each role', () => {
  const rows: readonly Row[] = [
    ...table('IngestHandlerRole', 'Allowed', [
      { action: 'ssm:SendCommand', resource: document },
      { action: 'ssm:SendCommand', resource: instance, with: signals },
      { action: 'sqs:ReceiveMessage', resource: events },
      { action: 'sqs:DeleteMessage', resource: events },
      { action: 'sqs:GetQueueAttributes', resource: events },
    ]),
    ...table('IngestHandlerRole', 'ImplicitlyDenied', [
      { action: 'ssm:SendCommand', resource: instance, with: { 'aws:ResourceTag/telltale:signals': 'test' } },
      { action: 'ssm:SendCommand', resource: instance },
      { action: 'ssm:SendCommand', resource: `arn:aws:ssm:${region}:${account}:document/Other` },
      { action: 'sqs:SendMessage', resource: events },
      { action: 's3:GetObject', resource: line },
      { action: 's3:PutObject', resource: line },
      { action: 'ssm:GetParameter', resource: `arn:aws:ssm:${region}:${account}:parameter/any` },
      { action: 'logs:PutLogEvents', resource: `arn:aws:logs:${region}:${account}:log-group:other:log-stream:x` },
    ]),
    ...table('SystemRole', 'Allowed', [
      { action: 's3:ListBucket', resource: bucket, with: { 's3:prefix': 'logs/' } },
      { action: 's3:ListBucketVersions', resource: bucket, with: { 's3:prefix': 'logs/web-1/app.log' } },
      { action: 's3:GetObject', resource: line },
      { action: 's3:GetObjectVersion', resource: line },
      { action: 'ses:SendRawEmail', resource: identity, with: { 'ses:FromAddress': 'telltale@example.com' } },
      { action: 'ssm:UpdateInstanceInformation', resource: instance },
      { action: 'ssmmessages:OpenDataChannel', resource: '*' },
      { action: 'cloudwatch:PutMetricData', resource: '*', with: { 'cloudwatch:namespace': 'Telltale' } },
    ]),
    ...table('SystemRole', 'ImplicitlyDenied', [
      { action: 's3:ListBucket', resource: bucket },
      { action: 's3:ListBucket', resource: bucket, with: { 's3:prefix': '' } },
      { action: 's3:GetObject', resource: beside },
      { action: 's3:PutObject', resource: line },
      { action: 's3:DeleteObject', resource: line },
      { action: 'ses:SendRawEmail', resource: identity, with: { 'ses:FromAddress': 'boss@example.com' } },
      { action: 'ses:SendEmail', resource: identity, with: { 'ses:FromAddress': 'telltale@example.com' } },
      { action: 'ssm:GetParameter', resource: `arn:aws:ssm:${region}:${account}:parameter/database-password` },
      { action: 'ssm:SendCommand', resource: document },
      { action: 'cloudwatch:PutMetricData', resource: '*', with: { 'cloudwatch:namespace': 'AWS/EC2' } },
      { action: 'ec2:RunInstances', resource: instance },
    ]),
    ...table('HostsUpload', 'Allowed', [
      { action: 's3:PutObject', resource: line },
      { action: 's3:AbortMultipartUpload', resource: line },
    ]),
    ...table('HostsUpload', 'ImplicitlyDenied', [
      { action: 's3:PutObject', resource: beside },
      { action: 's3:GetObject', resource: line },
      { action: 's3:DeleteObject', resource: line },
      { action: 's3:ListBucket', resource: bucket, with: { 's3:prefix': 'logs/' } },
    ]),
    ...table('OperatorDoctor', 'Allowed', [
      { action: 's3:GetBucketVersioning', resource: bucket },
      { action: 's3:GetBucketNotification', resource: bucket },
      { action: 's3:GetLifecycleConfiguration', resource: bucket },
      { action: 'ssm:GetDocument', resource: document },
      { action: 'sqs:GetQueueAttributes', resource: events },
    ]),
    ...table('OperatorDoctor', 'ImplicitlyDenied', [
      { action: 's3:GetObject', resource: line },
      { action: 's3:PutBucketVersioning', resource: bucket },
      { action: 'ssm:SendCommand', resource: document },
      { action: 'sqs:DeleteMessage', resource: events },
    ]),
  ];
  test.each(rows)('$role: $action on $resource with $with is $answer', async ({ role, answer, ...asked }) => {
    expect(await answerOf(withQueue.of(role), asked)).toBe(answer);
  });
});

describe('the rights with MSK, a key, and a role for each host', () => {
  const object = (host: string): string => `${bucket}/logs/${host}/app.log`;
  const rows: readonly Row[] = [
    ...table('HostsHostweb1', 'Allowed', [{ action: 's3:PutObject', resource: object('web-1') }]),
    ...table('HostsHostweb1', 'ImplicitlyDenied', [
      { action: 's3:PutObject', resource: object('web-2') },
      { action: 's3:PutObject', resource: object('web-10') },
    ]),
    ...table('ProducerRole', 'Allowed', [
      { action: 'kafka-cluster:WriteData', resource: kafka('topic', 'logs') },
      { action: 'kafka-cluster:AlterTransactionalId', resource: kafka('transactional-id', 'telltale-producer-0') },
      { action: 'kafka-cluster:CreateTopic', resource: kafka('topic', 'windows') },
    ]),
    ...table('ProducerRole', 'ImplicitlyDenied', [
      { action: 'kafka-cluster:WriteData', resource: kafka('topic', 'outbox') },
      { action: 'kafka-cluster:DeleteTopic', resource: kafka('topic', 'logs') },
      { action: 'kafka-cluster:AlterTransactionalId', resource: kafka('transactional-id', 'telltale-mailer') },
      { action: 'ses:SendRawEmail', resource: identity, with: { 'ses:FromAddress': 'telltale@example.com' } },
    ]),
    ...table('ConsumerRole', 'Allowed', [
      { action: 'kafka-cluster:ReadData', resource: kafka('topic', 'logs') },
      { action: 'kafka-cluster:AlterGroup', resource: kafka('group', 'telltale-mailer') },
    ]),
    ...table('ConsumerRole', 'ImplicitlyDenied', [
      { action: 'kafka-cluster:WriteData', resource: kafka('topic', 'logs') },
      { action: 's3:GetObject', resource: object('web-1') },
    ]),
  ];
  test.each(rows)('$role: $action on $resource is $answer', async ({ role, answer, ...asked }) => {
    expect(await answerOf(withMsk.of(role), asked)).toBe(answer);
  });
});

test('no policy allows all actions, or all actions of a service', () => {
  const actions = [...withQueue.statements(), ...withMsk.statements()].flatMap(({ Action: action }) => action);
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
});

test('the rights in Kafka are those of docs/kafka.md', () => {
  const text = readFileSync(join(repository, 'docs/kafka.md'), 'utf8');
  for (const [program, { reads, writes, transactionalIds, groups }] of Object.entries(kafkaRights)) {
    const row = text.split('\n').find((candidate) => candidate.startsWith(`| ${program} |`));
    const [, , topics = '', ids = '', groupsOfRow = ''] = (row ?? '').split('|');
    const named = (right: string): string[] =>
      topics
        .split(';')
        .filter((part) => part.split(':')[0]?.includes(right))
        .flatMap(namesIn);
    expect([...reads].sort()).toEqual(named('Read').sort());
    expect([...writes].sort()).toEqual(named('Write').sort());
    expect([...transactionalIds]).toEqual(namesIn(ids));
    expect([...groups]).toEqual(namesIn(groupsOfRow));
  }
});

function namesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+?)…?`/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

interface Statement {
  readonly Action: readonly string[];
}

interface Policies {
  /** The policies of a role, or the managed policy itself, by the beginning of its logical id. */
  of(beginning: string): readonly unknown[];
  arnOf(id: RegExp, type: string, arn: (id: string) => string): string;
  statements(): readonly Statement[];
}

function policiesOf(template: ReturnType<typeof templateOf>): Policies {
  const managed = resourcesOf(template, 'AWS::IAM::ManagedPolicy');
  const inline = resourcesOf(template, 'AWS::IAM::Policy');
  const documentOf = (properties: Readonly<Record<string, unknown>> = {}): unknown =>
    resolved(properties['PolicyDocument']);
  return {
    of: (beginning) => {
      const own = managed.filter(([id]) => id.startsWith(beginning));
      const ofRole = inline.filter(([, { Properties: properties }]) =>
        (resolved(properties?.['Roles']) as readonly string[]).some((role) => role.startsWith(beginning)),
      );
      const found = [...own, ...ofRole].map(([, { Properties: properties }]) => documentOf(properties));
      if (found.length === 0) throw new Error(`no policy of ${beginning}`);
      return found;
    },
    arnOf: (id, type, arn) => {
      const found = resourcesOf(template, type).find(([name]) => id.test(name));
      if (found === undefined) throw new Error(`no ${type} like ${String(id)}`);
      return arn(found[0]);
    },
    statements: () =>
      [...managed, ...inline].flatMap(([, { Properties: properties }]) => {
        const { Statement: statements } = documentOf(properties) as {
          readonly Statement: readonly { readonly Action: string | readonly string[] }[];
        };
        return statements.map(({ Action: action }) => ({ Action: [action].flat() }));
      }),
  };
}

async function answerOf(
  policies: readonly unknown[],
  { action, resource, with: context = {} }: Asked,
): Promise<string> {
  const response = await runSimulation(
    {
      request: {
        action,
        principal: `arn:aws:iam::${account}:role/any`,
        resource: { accountId: account, resource },
        contextVariables: context,
      },
      identityPolicies: policies.map((policy, index) => ({ name: `policy-${index}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  return response.resultType === 'error' ? `error: ${response.errors.message}` : response.overallResult;
}
