import { Stack, Tags, type CfnParameter } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3assets from 'aws-cdk-lib/aws-s3-assets';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './document';
import type { Ingest } from './ingest';
import { prefix, signalTag } from './ingest';
import type { Msk } from './kafka';
import type { Mail } from './mail';
import type { Network } from './network';
import type { Settings } from './settings';

export type Program = 'producer' | 'consumer';

/** The namespace of the figures that the instances report. */
export const metricNamespace = 'Telltale';

interface SystemProps {
  readonly settings: Settings;
  readonly network: Network;
  readonly ingest: Ingest;
  readonly mail: Mail | null;
  readonly msk: Msk | null;
  /** The source of Telltale, as instances install it. */
  readonly release: s3assets.Asset;
  /** Id of the image of new instances. */
  readonly ami: CfnParameter;
  /** Which programs run together on an instance. */
  readonly programs: readonly Program[];
  /** What differs from the defaults in `conf/default.yaml`. */
  readonly configuration: object;
}

/** One instance, and its programs. */
export class System extends Construct {
  readonly instance: ec2.Instance;
  readonly role: iam.Role;
  readonly securityGroup: ec2.SecurityGroup;
  readonly programs: readonly Program[];
  /** What the instance installs: release, programs and configuration. */
  readonly target: ssm.StringParameter;

  constructor(scope: Construct, id: string, props: SystemProps) {
    super(scope, id);
    const { settings, network, release, programs } = props;
    this.programs = programs;
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    this.target = new ssm.StringParameter(this, 'Target', {
      description: 'What this instance of Telltale installs; telltale-update reads it.',
      stringValue: Stack.of(this).toJsonString({
        release: release.s3ObjectUrl,
        environment: settings.environment,
        programs,
        configuration: props.configuration,
        ...(props.msk === null ? {} : { mskCluster: props.msk.cluster.attrArn }),
      }),
    });
    this.allowAgent();
    this.allowUpdates(release);
    if (props.msk !== null) {
      const resources = [props.msk.cluster.attrArn];
      this.role.addToPolicy(new iam.PolicyStatement({ actions: ['kafka:GetBootstrapBrokers'], resources }));
    }
    if (programs.includes('producer')) this.allowReading(props.ingest);
    if (programs.includes('consumer')) props.mail?.grantSend(this.role);

    this.securityGroup = new ec2.SecurityGroup(this, 'Group', {
      vpc: network.vpc,
      description: 'Telltale: nothing comes in',
    });
    this.instance = new ec2.Instance(this, 'Instance', {
      vpc: network.vpc,
      vpcSubnets: network.instances,
      instanceType: new ec2.InstanceType(settings.instance.type),
      machineImage: {
        getImage: () => ({
          imageId: props.ami.valueAsString,
          osType: ec2.OperatingSystemType.LINUX,
          userData: ec2.UserData.forLinux(),
        }),
      },
      role: this.role,
      securityGroup: this.securityGroup,
      httpTokens: ec2.HttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      disableApiTermination: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: ec2.BlockDeviceVolume.ebs(settings.instance.diskGiB, {
            encrypted: true,
            volumeType: ec2.EbsDeviceVolumeType.GP3,
            // With the embedded event log it holds all that Telltale knows.
            deleteOnTermination: false,
          }),
        },
      ],
    });
    this.instance.addUserData(this.firstBoot());
    Tags.of(this.instance).add(programTag, programs.join('+'));
    if (programs.includes('producer')) Tags.of(this.instance).add(signalTag, settings.environment);
  }

  /** Writes `telltale-update` and calls it. Never changes with a release: new user data would stop the instance. */
  private firstBoot(): string {
    const script = readFileSync(join(repository, 'scripts/telltale-update.sh'), 'utf8');
    return [
      'install -d /usr/local/sbin /etc/telltale',
      `cat > /etc/telltale/update.env <<'END'`,
      `TELLTALE_TARGET=${this.target.parameterName}`,
      `AWS_REGION=${Stack.of(this).region}`,
      'END',
      `cat > /usr/local/sbin/telltale-update <<'END_OF_SCRIPT'`,
      script.trimEnd(),
      'END_OF_SCRIPT',
      'chmod 755 /usr/local/sbin/telltale-update',
      '/usr/local/sbin/telltale-update',
    ].join('\n');
  }

  /** What the agent of SSM needs. AmazonSSMManagedInstanceCore would let it read every parameter of the account. */
  private allowAgent(): void {
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: [
          'ssm:UpdateInstanceInformation',
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ],
        resources: ['*'],
      }),
    );
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': metricNamespace } },
      }),
    );
  }

  private allowUpdates(release: s3assets.Asset): void {
    this.role.addToPolicy(
      new iam.PolicyStatement({ actions: ['ssm:GetParameter'], resources: [this.target.parameterArn] }),
    );
    // Releases before and after this one lie beside it: an update and a way back need no new right.
    this.role.addToPolicy(
      new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [release.bucket.arnForObjects('*.zip')] }),
    );
  }

  private allowReading({ bucket, key }: Ingest): void {
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['s3:ListBucket', 's3:ListBucketVersions'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
      }),
    );
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [bucket.arnForObjects(`${prefix}*`)],
      }),
    );
    if (key !== null) {
      this.role.addToPolicy(new iam.PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn] }));
    }
  }
}

const programTag = 'telltale:programs';
