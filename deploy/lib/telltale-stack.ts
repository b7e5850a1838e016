import { CfnOutput, CfnParameter, IgnoreMode, Stack, Tags } from 'aws-cdk-lib';
import * as s3assets from 'aws-cdk-lib/aws-s3-assets';
import type { App } from 'aws-cdk-lib';
import { acknowledge } from './acknowledged';
import { repository } from './document';
import { Hosts } from './hosts';
import { Ingest } from './ingest';
import { Msk } from './kafka';
import { allTopics, kafkaRights } from './kafka-rights';
import { Mail } from './mail';
import { Network } from './network';
import { Operator } from './operator';
import type { Settings } from './settings';
import { System, type Program } from './system';
import { Watch } from './watch';

/** Everything of one environment. No resource has a name of its own, so that two environments never meet. */
export class TelltaleStack extends Stack {
  /** @param bundle the folder with the bundled handler */
  constructor(app: App, settings: Settings, bundle: string) {
    const { account, region, environment } = settings;
    super(app, `Telltale-${environment}`, {
      description: `Telltale, ${environment}: tells people what went wrong in the log files of their hosts.`,
      env: { ...(account === null ? {} : { account }), ...(region === null ? {} : { region }) },
    });
    Tags.of(this).add('app', 'telltale');
    Tags.of(this).add('env', environment);

    const ingest = new Ingest(this, 'Ingest', { settings, bundle });
    const hosts = new Hosts(this, 'Hosts', { bucket: ingest.bucket, key: ingest.key, names: settings.hosts });
    const mail = settings.mail === null ? null : new Mail(this, 'Mail', settings.mail);
    const network = new Network(this, 'Network', settings);
    const msk = this.makeMsk(settings, network);
    const release = this.sources();
    const ami = new CfnParameter(this, 'Ami', {
      type: 'AWS::EC2::Image::Id',
      description: 'Amazon Linux 2023 for arm64 (or that of instance.type). Another id replaces the instances.',
    });
    const programs: readonly (readonly Program[])[] =
      settings.eventLog.kind === 'embedded' ? [['producer', 'consumer']] : [['producer'], ['consumer']];
    const systems = programs.map((together) => {
      const configuration = configurationOf(settings, ingest, mail, msk, this.region);
      const name = together.length > 1 ? 'System' : together[0] === 'producer' ? 'Producer' : 'Consumer';
      return new System(this, name, {
        ...{ settings, network, ingest, mail, msk, release, ami, programs: together, configuration },
      });
    });
    for (const { role, securityGroup, programs: together } of systems) {
      if (msk === null) continue;
      msk.allowFrom(securityGroup);
      for (const program of together) msk.grant(role, kafkaRights[program], allTopics);
    }
    new Watch(this, 'Watch', { settings, ingest, systems, mail, msk });
    const operator = new Operator(this, 'Operator', ingest);
    this.tell(ingest, hosts, systems, mail, operator);
    acknowledge(this);
  }

  private makeMsk({ eventLog }: Settings, { vpc, brokers }: Network): Msk | null {
    if (eventLog.kind !== 'msk') return null;
    return new Msk(this, 'Kafka', {
      vpc,
      subnets: brokers,
      version: eventLog.version,
      diskGiB: eventLog.diskGiB,
    });
  }

  /** Instances build Telltale from its source, as on any machine. */
  private sources(): s3assets.Asset {
    return new s3assets.Asset(this, 'Release', {
      path: repository,
      ignoreMode: IgnoreMode.GIT,
      exclude: ['*', ...released.flatMap((name) => [`!/${name}`, `!/${name}/**`])],
    });
  }

  private tell(ingest: Ingest, hosts: Hosts, systems: readonly System[], mail: Mail | null, operator: Operator): void {
    const output = (id: string, value: string, description: string): CfnOutput =>
      new CfnOutput(this, id, { value, description });
    output('Bucket', ingest.bucket.bucketName, 'Hosts upload to s3://BUCKET/logs/HOST/FILE');
    output('FailedEvents', ingest.failed.queueUrl, 'Events that could not be handled; empty as a rule');
    output('Document', ingest.document.ref, 'The document of signals');
    output('DoctorPolicy', operator.policy.managedPolicyArn, 'For whoever runs telltale doctor');
    if (hosts.policy !== null) {
      output('HostPolicy', hosts.policy.managedPolicyArn, 'For the roles of the hosts that upload');
    }
    for (const system of systems) {
      output(`${system.node.id}Instance`, system.instance.instanceId, `Runs ${system.programs.join(' and ')}`);
    }
    mail?.records.forEach(({ name, type, value }, index) => {
      output(`Dns${index + 1}`, `${name} ${type} ${value}`, 'A record for the domain of the mails');
    });
  }
}

/** What an instance needs of the repository. */
const released = [
  'actors',
  'conf',
  'docs',
  'lambda',
  'scripts',
  'src',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'LICENSE',
];

/** The keys of `conf/default.yaml` that a deployment sets. */
function configurationOf(
  { mail: mailSettings, eventLog, environment }: Settings,
  { bucket, document, failed }: Ingest,
  mail: Mail | null,
  msk: Msk | null,
  region: string,
): object {
  return {
    dataDir: '/var/lib/telltale',
    // The temporary folder of a unit with PrivateTmp is hidden from the agent.
    producer: { socket: '/run/telltale/signal.sock' },
    objectStore: { kind: 's3', bucket: bucket.bucketName, prefix: 'logs' },
    aws: { environment, document: document.ref, failedEvents: failed.queueUrl },
    ...(eventLog.kind === 'brokers' ? { eventLog: { kind: 'kafka', kafka: { brokers: eventLog.brokers } } } : {}),
    ...(msk === null
      ? {}
      : {
          eventLog: {
            kind: 'kafka',
            // Known once the cluster is there: scripts/install-system.sh asks for them.
            kafka: { brokers: [], tls: { enabled: true }, sasl: { mechanism: 'aws-msk-iam', region } },
          },
        }),
    ...(mail === null || mailSettings === null
      ? {}
      : {
          mail: { from: mailSettings.from, to: mailSettings.to },
          receivers: [
            {
              name: `ses-${environment}`,
              kind: 'ses',
              region,
              configurationSet: mail.configurationSet.configurationSetName,
            },
          ],
        }),
  };
}
