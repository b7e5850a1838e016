import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { prefix } from './ingest';

interface HostsProps {
  readonly bucket: s3.Bucket;
  readonly key: kms.Key | null;
  /** Hosts with a role each; none: one policy for all. */
  readonly names: readonly string[];
}

/** The rights of the machines that upload: they can neither read nor list nor delete. */
export class Hosts extends Construct {
  /** For the roles of all hosts; null where each has its own. */
  readonly policy: iam.ManagedPolicy | null;
  readonly roles: readonly iam.Role[];

  constructor(scope: Construct, id: string, { bucket, key, names }: HostsProps) {
    super(scope, id);
    const uploads = (folder: string): iam.PolicyStatement[] => [
      new iam.PolicyStatement({
        actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
        resources: [bucket.arnForObjects(`${folder}*`)],
      }),
      ...(key === null ? [] : [new iam.PolicyStatement({ actions: kmsActions, resources: [key.keyArn] })]),
    ];
    this.policy =
      names.length === 0
        ? new iam.ManagedPolicy(this, 'Upload', {
            description: 'Uploads log files to Telltale: for the roles of the hosts.',
            statements: uploads(prefix),
          })
        : null;
    this.roles = names.map((name) => {
      const role = new iam.Role(this, `Host-${name}`, {
        assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
        description: `Uploads the log files of ${name} to Telltale.`,
      });
      for (const statement of uploads(`${prefix}${name}/`)) role.addToPolicy(statement);
      new iam.InstanceProfile(this, `Profile-${name}`, { role });
      return role;
    });
  }
}

/** An upload in parts also reads the key that it wrote with. */
const kmsActions = ['kms:GenerateDataKey', 'kms:Decrypt'];
