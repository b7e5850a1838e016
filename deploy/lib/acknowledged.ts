import { CfnResource, Validations, type Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

interface Acknowledged {
  /** Where in the stack; a place that this deployment does not have is passed over. */
  readonly path: string;
  /** The rule of AwsSolutions, with its finding where it has several for each resource. */
  readonly rule: string;
  readonly reason: string;
}

const wildcard = (finding: string): string => `AwsSolutions-IAM5[Resource::${finding}]`;
const roles = ['System/Role', 'Producer/Role', 'Consumer/Role'];
const noResources = 'AWS knows no resources for these actions: it takes them on * alone.';

/** What the rules of AwsSolutions find, and why it is right here. */
function acknowledged(stack: Stack): readonly Acknowledged[] {
  const arnOf = (path: string): string => `<${logicalId(stack, path)}.Arn>`;
  const objects = wildcard(`${arnOf('Ingest/Logs')}/logs/*`);
  const account = '<AWS::Region>:<AWS::AccountId>';
  const cluster = `{"Fn::Select":[1,{"Fn::Split":[":cluster/",{"Fn::GetAtt":["${logicalId(stack, 'Kafka/Cluster')}","Arn"]}]}]}`;
  const ids = ['telltale-producer-', 'telltale-counting-', 'telltale-alerting-', 'telltale-mailer'];
  return [
    {
      path: 'Ingest/Logs',
      rule: 'AwsSolutions-S1',
      reason: 'An access log would grow with each upload, one a minute and file; CloudTrail tells who did what.',
    },
    {
      path: 'Ingest/HandlerRole',
      rule: wildcard(`${arnOf('Ingest/HandlerLog')}:log-stream:*`),
      reason: 'Lambda names the streams of the log group, which is its own.',
    },
    {
      path: 'Ingest/HandlerRole',
      rule: wildcard(`arn:<AWS::Partition>:ec2:${account}:instance/*`),
      reason: 'A condition limits it to instances with the tag telltale:signals of this environment.',
    },
    { path: 'Hosts/Upload', rule: objects, reason: 'A host names its objects itself, below logs/ alone.' },
    ...roles.flatMap((path) => [
      { path, rule: objects, reason: 'The producer reads what hosts uploaded, below logs/ alone.' },
      { path, rule: wildcard('*'), reason: `The agent of SSM, PutMetricData, GetSendQuota: ${noResources}` },
      {
        path,
        rule: wildcard(`arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*.zip`),
        reason: 'Releases: the older ones are the way back. The bucket of the CDK holds what was deployed, no data.',
      },
      ...ids.map((id) => ({
        path,
        rule: wildcard(`arn:<AWS::Partition>:kafka:${account}:transactional-id/${cluster}/${id}*`),
        reason: 'The end of the id is the number of a partition; the beginning belongs to this program.',
      })),
    ]),
    ...(stack.node.tryFindChild('Hosts')?.node.children ?? [])
      .filter(({ node }) => node.id.startsWith('Host-'))
      .map(({ node }) => ({
        path: `Hosts/${node.id}`,
        rule: wildcard(`${arnOf('Ingest/Logs')}/logs/${node.id.slice('Host-'.length)}/*`),
        reason: 'A host names its objects itself, in its own folder alone.',
      })),
    ...['System', 'Producer', 'Consumer'].map((name) => ({
      path: `${name}/Instance`,
      rule: 'AwsSolutions-EC28',
      reason: 'StatusCheckFailed comes every minute without it, and the programs report their own figures.',
    })),
    {
      path: 'Network/Vpc',
      rule: 'AwsSolutions-VPC7',
      reason: 'Nothing comes in; what goes out is calls of AWS, which CloudTrail has, and of the npm registry.',
    },
    ...['Ssm', 'SsmMessages', 'Monitoring'].map((name) => ({
      path: `Network/Vpc/${name}`,
      rule: 'AwsSolutions-EC23',
      reason:
        'The rule cannot read the address of a VPC that is not there yet. The group takes 443 from the VPC alone.',
    })),
    {
      path: 'Ingest/Failed',
      rule: 'AwsSolutions-SQS3',
      reason: 'With trigger: direct it is where failed events of the function go: a dead-letter queue by another name.',
    },
    {
      path: 'Kafka/Cluster',
      rule: 'AwsSolutions-MSK6',
      reason: 'Broker logs cost more than they tell while the alarms are quiet; an operator turns them on when needed.',
    },
    { path: 'Operator/Doctor', rule: wildcard('*'), reason: `Reads of SSM, SES and STS: ${noResources}` },
  ];
}

/** Acknowledges findings of cdk-nag, each with its reason, at the one resource that it is about. */
export function acknowledge(stack: Stack): void {
  for (const { path, rule, reason } of acknowledged(stack)) {
    const place = find(stack, path);
    if (place !== undefined) Validations.of(place).acknowledge({ id: rule, reason });
  }
}

function find(stack: Stack, path: string): IConstruct | undefined {
  let place: IConstruct | undefined = stack;
  for (const name of path.split('/')) {
    const parent: IConstruct | undefined = place;
    place = parent?.node.tryFindChild(name);
  }
  return place;
}

function logicalId(stack: Stack, path: string): string {
  const place = find(stack, path);
  const resource = place instanceof CfnResource ? place : place?.node.defaultChild;
  return resource instanceof CfnResource ? String(stack.resolve(resource.logicalId)) : '';
}
