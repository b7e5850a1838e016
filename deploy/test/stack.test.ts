import { Match, type Template } from 'aws-cdk-lib/assertions';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../lib/document';
import { large, resourcesOf, small, templateOf, type TemplateJson } from './support/stacks';

const template = templateOf(small);
const others = templateOf(large);

test('the bucket keeps versions, takes TLS alone, and stays when the stack goes', () => {
  template.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Retain',
    Properties: {
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({
            NoncurrentVersionExpiration: { NoncurrentDays: 3 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          }),
        ],
      },
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            Event: 's3:ObjectCreated:*',
            Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'logs/' }] } },
            Queue: Match.anyValue(),
          },
        ],
      },
    },
  });
  template.hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        Match.objectLike({ Effect: 'Deny', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }),
      ]),
    },
  });
});

test('S3 of this account alone may write to the queue, before the bucket is made', () => {
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'sqs:SendMessage',
          Principal: { Service: 's3.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
      ]),
    },
  });
  const [bucket] = Object.values(template.findResources('AWS::S3::Bucket')) as { DependsOn?: string[] }[];
  expect(bucket?.DependsOn?.some((id) => id.startsWith('IngestEventsPolicy'))).toBe(true);
});

test('events wait an hour at most, and go to a queue of failures after five tries', () => {
  template.hasResourceProperties('AWS::SQS::Queue', {
    MessageRetentionPeriod: 3600,
    VisibilityTimeout: 200,
    SqsManagedSseEnabled: true,
    RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
  });
  template.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 14 * 24 * 3600 });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 1000,
    MaximumBatchingWindowInSeconds: 5,
    ScalingConfig: { MaximumConcurrency: 2 },
  });
});

test('the only function is the handler; nothing else of the CDK runs in the account', () => {
  for (const each of [template, others]) {
    each.resourceCountIs('AWS::Lambda::Function', 1);
    each.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 256,
      Timeout: 30,
      LoggingConfig: { LogFormat: 'JSON' },
    });
    const types = Object.values((each.toJSON() as TemplateJson).Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('Custom::') || type.startsWith('AWS::CloudFormation::'))).toEqual([]);
  }
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
});

test('the document is that of conf/, and a change of it is a new version', () => {
  const content: unknown = JSON.parse(readFileSync(join(repository, 'conf/ssm-document.json'), 'utf8'));
  const [[, document] = ['', null]] = resourcesOf(template, 'AWS::SSM::Document');
  expect(document?.Properties).toMatchObject({ Content: content, UpdateMethod: 'NewVersion', DocumentType: 'Command' });
  expect(document?.Properties).not.toHaveProperty('Name');
});

test('instances take nothing in, have no key, and keep their encrypted disk', () => {
  for (const each of [template, others]) {
    for (const [, { Properties: properties }] of resourcesOf(each, 'AWS::EC2::Instance')) {
      expect(properties).toMatchObject({
        DisableApiTermination: true,
        ImageId: { Ref: 'Ami' },
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: false } }],
      });
      expect(properties).not.toHaveProperty('KeyName');
    }
  }
  const groups = resourcesOf(template, 'AWS::EC2::SecurityGroup');
  expect(groups.filter(([, { Properties: properties }]) => properties?.['SecurityGroupIngress'] !== undefined)).toEqual(
    [],
  );
  template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
});

test('one instance runs both programs with the embedded event log, two do with Kafka', () => {
  template.resourceCountIs('AWS::EC2::Instance', 1);
  others.resourceCountIs('AWS::EC2::Instance', 2);
  const tagged = resourcesOf(others, 'AWS::EC2::Instance').filter(([, { Properties: properties }]) =>
    (properties?.['Tags'] as { Key: string }[]).some(({ Key }) => Key === 'telltale:signals'),
  );
  expect(tagged.map(([id]) => id.startsWith('Producer'))).toEqual([true]);
});

test('user data is the same for every release: another one would stop the instance', () => {
  const [[, instance] = ['', null]] = resourcesOf(template, 'AWS::EC2::Instance');
  const data = JSON.stringify(instance?.Properties?.['UserData']);
  expect(data).toContain('telltale-update');
  expect(data).not.toMatch(/[0-9a-f]{64}|cdk-hnb659fds-assets/);
});

test('the VPC has no NAT gateway, and reads S3 by an endpoint', () => {
  for (const each of [template, others]) {
    each.resourceCountIs('AWS::EC2::NatGateway', 0);
    each.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
  }
  expect(resourcesOf(others, 'AWS::EC2::Subnet')).toHaveLength(6);
});

test('Kafka has three brokers, IAM alone, and makes no topic by itself', () => {
  others.hasResourceProperties('AWS::MSK::Cluster', {
    NumberOfBrokerNodes: 3,
    ClientAuthentication: { Sasl: { Iam: { Enabled: true } }, Unauthenticated: { Enabled: false } },
    EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } },
  });
  others.hasResourceProperties('AWS::MSK::Configuration', {
    ServerProperties: Match.stringLikeRegexp('auto.create.topics.enable=false'),
  });
});

test('an event that cannot be handled is kept also where S3 starts the function itself', () => {
  others.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    MaximumRetryAttempts: 2,
    DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
  });
  others.resourceCountIs('AWS::SQS::Queue', 1);
});

test('alarms go to SNS, each with a sentence on what to do', () => {
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');
  for (const [, { Properties: properties }] of alarms) {
    expect(properties?.['AlarmActions']).toEqual([{ Ref: expect.stringMatching(/^WatchAlarms/) as unknown }]);
    expect(String(properties?.['AlarmDescription']).length).toBeGreaterThan(30);
  }
  const names = (each: Template): unknown[] =>
    resourcesOf(each, 'AWS::CloudWatch::Alarm').map(([, { Properties: properties }]) => properties?.['MetricName']);
  expect(new Set(names(template))).toEqual(
    new Set([
      'ApproximateNumberOfMessagesVisible',
      'ApproximateAgeOfOldestMessage',
      'Errors',
      'Heartbeat',
      'Lag',
      'DiskUsed',
      'StatusCheckFailed',
      'Reputation.BounceRate',
      'Reputation.ComplaintRate',
    ]),
  );
  expect(names(others)).toEqual(
    expect.arrayContaining(['OfflinePartitionsCount', 'UnderMinIsrPartitionCount', 'KafkaDataLogsDiskUsed']),
  );
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'Heartbeat',
    TreatMissingData: 'breaching',
    DatapointsToAlarm: 3,
    EvaluationPeriods: 5,
  });
});

test('no resource has a name of its own, so that two environments never meet', () => {
  const { Resources: resources } = template.toJSON() as TemplateJson;
  const named = Object.entries(resources).flatMap(([id, { Type: type, Properties: properties }]) =>
    Object.keys(properties ?? {})
      .filter((key) => physicalNames.has(`${type.split('::').at(-1) ?? ''}.${key}`))
      .map((key) => `${id}.${key}`),
  );
  expect(named).toEqual([]);
  const green = JSON.stringify(templateOf({ ...small, environment: 'green' }).toJSON());
  const blue = JSON.stringify(templateOf({ ...small, environment: 'blue' }).toJSON());
  expect(green.replaceAll('green', 'blue').replace(/[0-9a-f]{64}/g, '')).toBe(blue.replace(/[0-9a-f]{64}/g, ''));
  expect(green).not.toContain('blue');
});

const physicalNames = new Set([
  'Bucket.BucketName',
  'Queue.QueueName',
  'Function.FunctionName',
  'Role.RoleName',
  'Topic.TopicName',
  'Alarm.AlarmName',
  'LogGroup.LogGroupName',
  'ManagedPolicy.ManagedPolicyName',
  'InstanceProfile.InstanceProfileName',
  'SecurityGroup.GroupName',
]);

test.each([
  ['small', template],
  ['large', others],
])('the template of the %s deployment', (_, each) => {
  expect(masked(each.toJSON())).toMatchSnapshot();
});

/** Hashes of assets change with every line of Telltale. */
function masked(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace(/[0-9a-f]{64}/g, '<hash>'));
}
