import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Ingest } from './ingest';

/** The rights of `telltale doctor`: it reads settings and states, and no line of a log. */
export class Operator extends Construct {
  readonly policy: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, { bucket, document, events, failed }: Ingest) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    const queues = [failed.queueArn, ...(events === null ? [] : [events.queueArn])];
    this.policy = new iam.ManagedPolicy(this, 'Doctor', {
      description: 'Lets an operator run telltale doctor: reads alone.',
      statements: [
        new iam.PolicyStatement({
          actions: [
            's3:ListBucket',
            's3:GetBucketVersioning',
            's3:GetBucketNotification',
            's3:GetLifecycleConfiguration',
          ],
          resources: [bucket.bucketArn],
        }),
        new iam.PolicyStatement({ actions: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'], resources: queues }),
        new iam.PolicyStatement({
          actions: ['ssm:GetDocument', 'ssm:DescribeDocument'],
          resources: [`arn:${partition}:ssm:${region}:${account}:document/${document.ref}`],
        }),
        // These have no resources.
        new iam.PolicyStatement({
          actions: [
            'ssm:DescribeInstanceInformation',
            'ses:GetSendQuota',
            'ses:GetIdentityVerificationAttributes',
            'ses:GetIdentityDkimAttributes',
            'ses:GetAccount',
            'ses:GetEmailIdentity',
            'ses:GetSuppressedDestination',
            'sts:GetCallerIdentity',
          ],
          resources: ['*'],
        }),
      ],
    });
  }
}
