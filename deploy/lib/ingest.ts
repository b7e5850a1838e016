import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { commandDocument } from './document';
import type { Settings } from './settings';

/** Where hosts upload to, in the bucket. */
export const prefix = 'logs/';

/** Instances with this tag, and the name of the environment as its value, get the signals. */
export const signalTag = 'telltale:signals';

interface IngestProps {
  readonly settings: Settings;
  /** The folder with `index.js`, the bundled handler. */
  readonly bundle: string;
}

/** The way of an upload to the producer: bucket → queue → function → command of SSM. */
export class Ingest extends Construct {
  readonly bucket: s3.Bucket;
  readonly key: kms.Key | null;
  readonly document: ssm.CfnDocument;
  /** Null with `trigger: direct`. */
  readonly events: sqs.Queue | null;
  /** Events that could not be handled. */
  readonly failed: sqs.Queue;
  readonly handler: lambda.Function;

  constructor(scope: Construct, id: string, { settings, bundle }: IngestProps) {
    super(scope, id);
    this.key = settings.bucket.encryption === 'kms' ? new kms.Key(this, 'Key', { enableKeyRotation: true }) : null;
    this.bucket = this.makeBucket(settings);
    this.failed = this.makeQueue('Failed', { retentionPeriod: Duration.days(14) });
    this.document = commandDocument(this, 'Signal');
    this.handler = this.makeHandler(settings, bundle);
    this.events = settings.trigger === 'queue' ? this.queueEvents() : null;
    if (this.events === null) this.callDirectly();
  }

  private makeBucket({ bucket }: Settings): s3.Bucket {
    return new s3.Bucket(this, 'Logs', {
      versioned: true,
      encryption: this.key === null ? s3.BucketEncryption.S3_MANAGED : s3.BucketEncryption.KMS,
      ...(this.key === null ? {} : { encryptionKey: this.key, bucketKeyEnabled: true }),
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          noncurrentVersionExpiration: Duration.days(bucket.noncurrentDays),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          expiredObjectDeleteMarker: true,
        },
      ],
    });
  }

  private makeQueue(id: string, props: sqs.QueueProps): sqs.Queue {
    return new sqs.Queue(this, id, { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, ...props });
  }

  private makeHandler({ environment }: Settings, bundle: string): lambda.Function {
    const { account, region, partition } = Stack.of(this);
    const logGroup = new logs.LogGroup(this, 'HandlerLog', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'HandlerRole', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    const handler = new lambda.Function(this, 'Handler', {
      description: 'Sends the keys of new objects to the producer, as commands of SSM.',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.seconds(30),
      handler: 'index.handler',
      code: lambda.Code.fromAsset(bundle),
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      environment: {
        TELLTALE_DOCUMENT: this.document.ref,
        TELLTALE_TARGET_TAG: `${signalTag}=${environment}`,
      },
    });
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [`${logGroup.logGroupArn}:log-stream:*`],
      }),
    );
    // SSM checks the document and each instance; only instances have a tag.
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [`arn:${partition}:ssm:${region}:${account}:document/${this.document.ref}`],
      }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [`arn:${partition}:ec2:${region}:${account}:instance/*`],
        conditions: { StringEquals: { [`aws:ResourceTag/${signalTag}`]: environment } },
      }),
    );
    return handler;
  }

  private queueEvents(): sqs.Queue {
    const events = this.makeQueue('Events', {
      // A signal only makes Telltale read sooner: after an hour, the listing of the bucket has found the object.
      retentionPeriod: Duration.hours(1),
      visibilityTimeout: Duration.seconds(200),
      deadLetterQueue: { queue: this.failed, maxReceiveCount: 5 },
    });
    // The bucket's name is not known yet when S3 tests the queue: the account is the condition.
    const policy = events.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [events.queueArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.notify({ queueConfigurations: [{ ...created, queue: events.queueArn }] });
    if (policy.policyDependable !== undefined) this.bucket.node.addDependency(policy.policyDependable);
    this.handler.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [events.queueArn],
      }),
    );
    const mapping = new lambda.EventSourceMapping(this, 'EventsToHandler', {
      target: this.handler,
      eventSourceArn: events.queueArn,
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(5),
      maxConcurrency: 2,
    });
    mapping.node.addDependency(this.handler.role ?? this.handler);
    return events;
  }

  private callDirectly(): void {
    const permission = new lambda.CfnPermission(this, 'CalledByS3', {
      action: 'lambda:InvokeFunction',
      functionName: this.handler.functionName,
      principal: 's3.amazonaws.com',
      sourceAccount: Stack.of(this).account,
    });
    this.notify({ lambdaConfigurations: [{ ...created, function: this.handler.functionArn }] });
    this.bucket.node.addDependency(permission);
    new lambda.CfnEventInvokeConfig(this, 'AfterFailures', {
      functionName: this.handler.functionName,
      qualifier: '$LATEST',
      maximumRetryAttempts: 2,
      destinationConfig: { onFailure: { destination: this.failed.queueArn } },
    });
    this.failed.grantSendMessages(this.handler);
  }

  /** By the bucket's own property: the L2 method would add a function, a role and a custom resource. */
  private notify(configuration: s3.CfnBucket.NotificationConfigurationProperty): void {
    const bucket = this.bucket.node.defaultChild;
    if (bucket instanceof s3.CfnBucket) bucket.notificationConfiguration = configuration;
  }
}

const created = {
  event: 's3:ObjectCreated:*',
  filter: { s3Key: { rules: [{ name: 'prefix', value: prefix }] } },
};
