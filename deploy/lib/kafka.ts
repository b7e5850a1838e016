import { Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as msk from 'aws-cdk-lib/aws-msk';
import { Construct } from 'constructs';

/** What a program does with Kafka. Names of ids and groups are beginnings: their ends are partitions. */
export interface KafkaRights {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly transactionalIds: readonly string[];
  readonly groups: readonly string[];
}

interface MskProps {
  readonly vpc: ec2.IVpc;
  readonly subnets: ec2.SubnetSelection;
  readonly version: string;
  readonly diskGiB: number;
}

const iamPort = 9098;

/** A cluster with IAM alone: three brokers in three zones, topics only as Telltale makes them. */
export class Msk extends Construct {
  readonly cluster: msk.CfnCluster;
  readonly securityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, { vpc, subnets, version, diskGiB }: MskProps) {
    super(scope, id);
    this.securityGroup = new ec2.SecurityGroup(this, 'Brokers', { vpc, allowAllOutbound: false });
    const configuration = new msk.CfnConfiguration(this, 'Configuration', {
      name: `${Stack.of(this).stackName}-kafka`,
      serverProperties: serverProperties.join('\n'),
    });
    this.cluster = new msk.CfnCluster(this, 'Cluster', {
      clusterName: Stack.of(this).stackName,
      kafkaVersion: version,
      numberOfBrokerNodes: 3,
      brokerNodeGroupInfo: {
        instanceType: 'kafka.m7g.large',
        clientSubnets: vpc.selectSubnets(subnets).subnetIds,
        securityGroups: [this.securityGroup.securityGroupId],
        storageInfo: { ebsStorageInfo: { volumeSize: diskGiB } },
      },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      clientAuthentication: {
        sasl: { iam: { enabled: true }, scram: { enabled: false } },
        unauthenticated: { enabled: false },
      },
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
      enhancedMonitoring: 'DEFAULT',
    });
  }

  /** Lets a program connect. */
  allowFrom(client: ec2.ISecurityGroup): void {
    this.securityGroup.addIngressRule(client, ec2.Port.tcp(iamPort), 'Kafka with IAM');
  }

  /** The actions for the rights of docs/kafka.md. */
  grant(role: iam.Role, rights: KafkaRights, allTopics: readonly string[]): void {
    const cluster = this.cluster.attrArn;
    // arn:…:cluster/NAME/UUID → topic/NAME/UUID/TOPIC
    const path = Fn.select(1, Fn.split(':cluster/', cluster));
    const { partition, region, account } = Stack.of(this);
    const of = (kind: string, name: string): string =>
      `arn:${partition}:kafka:${region}:${account}:${kind}/${path}/${name}`;
    const topics = (names: readonly string[]): string[] => names.map((name) => of('topic', name));
    const allow = (actions: readonly string[], resources: string[]): void => {
      role.addToPolicy(
        new iam.PolicyStatement({ actions: actions.map((action) => `kafka-cluster:${action}`), resources }),
      );
    };
    allow(['Connect', 'DescribeCluster', 'WriteDataIdempotently'], [cluster]);
    allow(['DescribeTopic', 'DescribeTopicDynamicConfiguration', 'CreateTopic'], topics(allTopics));
    allow(['ReadData'], topics(rights.reads));
    allow(['WriteData'], topics(rights.writes));
    allow(
      ['AlterTransactionalId', 'DescribeTransactionalId'],
      rights.transactionalIds.map((id) => of('transactional-id', `${id}*`)),
    );
    if (rights.groups.length > 0) {
      allow(
        ['AlterGroup', 'DescribeGroup'],
        rights.groups.map((group) => of('group', group)),
      );
    }
  }
}

const serverProperties = [
  'auto.create.topics.enable=false',
  'default.replication.factor=3',
  'min.insync.replicas=2',
  'unclean.leader.election.enable=false',
];
