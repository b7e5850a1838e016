import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Ingest } from './ingest';
import type { Msk } from './kafka';
import type { Mail } from './mail';
import { metricNamespace, type System } from './system';
import type { Settings } from './settings';

interface WatchProps {
  readonly settings: Settings;
  readonly ingest: Ingest;
  readonly systems: readonly System[];
  readonly mail: Mail | null;
  readonly msk: Msk | null;
}

interface AlarmSpec {
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  readonly periods: number;
  /** Of so many periods; by default all. */
  readonly of?: number;
  readonly missing?: cloudwatch.TreatMissingData;
  readonly comparison?: cloudwatch.ComparisonOperator;
  /** What it means, and what to do. */
  readonly description: string;
}

const minute = Duration.minutes(1);
const atLeast = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
const breaching = cloudwatch.TreatMissingData.BREACHING;

/** Alarms, to a topic of SNS: never by SES, which may be what is broken. */
export class Watch extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, { settings, ingest, systems, mail, msk }: WatchProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Alarms', { enforceSSL: true });
    for (const address of settings.alarms.mailTo) {
      this.topic.addSubscription(new subscriptions.EmailSubscription(address));
    }
    this.allowServices();
    this.watchSignals(ingest);
    for (const system of systems) this.watchSystem(settings, system);
    if (mail !== null) this.watchMail(mail);
    if (msk !== null) this.watchKafka(msk);
  }

  private watchSignals({ failed, events: queue, handler, document }: Ingest): void {
    this.alarm('EventsFailed', {
      metric: failed.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: 'Maximum' }),
      threshold: 0,
      periods: 1,
      description:
        'Events of S3 could not be handled. Nothing is lost: the listing of the bucket finds the objects. See the log of the function, then empty the queue Failed.',
    });
    if (queue !== null) {
      this.alarm('EventsWait', {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: minute, statistic: 'Maximum' }),
        threshold: 300,
        periods: 3,
        description: 'Events of S3 wait for more than 5 minutes: see the log of the function.',
      });
    }
    this.alarm('HandlerFails', {
      metric: handler.metricErrors({ period: minute, statistic: 'Sum' }),
      threshold: 0,
      periods: 3,
      of: 5,
      description: 'The function cannot send commands: see its log.',
    });
    this.rule('CommandFailed', 'A command of SSM did not reach the producer.', {
      source: ['aws.ssm'],
      detailType: ['EC2 Command Invocation Status-change Notification'],
      detail: { 'document-name': [document.ref], status: ['Failed', 'TimedOut', 'Undeliverable'] },
    });
  }

  private watchSystem({ environment }: Settings, { instance, programs, node }: System): void {
    const figure = (name: string, program: string, statistic: string): cloudwatch.Metric =>
      new cloudwatch.Metric({
        namespace: metricNamespace,
        metricName: name,
        dimensionsMap: { environment, program },
        period: minute,
        statistic,
      });
    for (const program of programs) {
      this.alarm(`${node.id}-${program}-silent`, {
        metric: figure('Heartbeat', program, 'Maximum'),
        threshold: 1,
        comparison: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        periods: 3,
        of: 5,
        missing: breaching,
        description: `The ${program} does not answer: systemctl status telltale-${program}, journalctl -u telltale-${program}.`,
      });
      this.alarm(`${node.id}-${program}-late`, {
        metric: figure('Lag', program, 'Maximum'),
        threshold: 600,
        periods: 3,
        description: `The ${program} is more than 10 minutes behind.`,
      });
    }
    const host = programs[0] ?? 'producer';
    this.alarm(`${node.id}-disk`, {
      metric: figure('DiskUsed', host, 'Maximum'),
      threshold: 80,
      periods: 3,
      description: 'More than 80 % of the disk are in use: enlarge the volume, or shorten eventLog.retention.',
    });
    this.alarm(`${node.id}-status`, {
      metric: new cloudwatch.Metric({
        namespace: 'AWS/EC2',
        metricName: 'StatusCheckFailed',
        dimensionsMap: { InstanceId: instance.instanceId },
        period: minute,
        statistic: 'Maximum',
      }),
      threshold: 0,
      periods: 3,
      missing: breaching,
      description: 'The instance fails the checks of EC2: stop and start it.',
    });
  }

  private watchMail({ configurationSet }: Mail): void {
    const reputation = (metricName: string): cloudwatch.Metric =>
      new cloudwatch.Metric({ namespace: 'AWS/SES', metricName, period: Duration.hours(1), statistic: 'Maximum' });
    this.alarm('Bounces', {
      metric: reputation('Reputation.BounceRate'),
      threshold: 0.05,
      comparison: atLeast,
      periods: 1,
      description: 'At least 5 % of the mails bounce: SES may stop sending. Correct the addresses of the receivers.',
    });
    this.alarm('Complaints', {
      metric: reputation('Reputation.ComplaintRate'),
      threshold: 0.001,
      comparison: atLeast,
      periods: 1,
      description: 'At least 0.1 % of the mails are marked as spam: SES may stop sending.',
    });
    this.rule('MailRefused', 'A mail bounced, was refused, or was marked as spam.', {
      source: ['aws.ses'],
      detailType: ['Email Bounced', 'Email Complaint Received', 'Email Rejected'],
      detail: { mail: { tags: { 'ses:configuration-set': [configurationSet.configurationSetName] } } },
    });
  }

  private watchKafka({ cluster }: Msk): void {
    const figure = (metricName: string, dimensions: Record<string, string> = {}): cloudwatch.Metric =>
      new cloudwatch.Metric({
        namespace: 'AWS/Kafka',
        metricName,
        dimensionsMap: { 'Cluster Name': cluster.clusterName, ...dimensions },
        period: minute,
        statistic: 'Maximum',
      });
    this.alarm('KafkaOffline', {
      metric: figure('OfflinePartitionsCount'),
      threshold: 0,
      periods: 3,
      description: 'Partitions of Kafka have no leader: see the cluster in the console of MSK.',
    });
    for (const broker of ['1', '2', '3']) {
      this.alarm(`KafkaReplicas${broker}`, {
        metric: figure('UnderMinIsrPartitionCount', { 'Broker ID': broker }),
        threshold: 0,
        periods: 3,
        description: 'Partitions of Kafka have too few replicas to be written.',
      });
      this.alarm(`KafkaDisk${broker}`, {
        metric: figure('KafkaDataLogsDiskUsed', { 'Broker ID': broker }),
        threshold: 75,
        periods: 3,
        description: 'More than 75 % of the disk of a broker are in use: enlarge it, or shorten eventLog.retention.',
      });
    }
  }

  private alarm(id: string, { metric, threshold, periods, of, missing, comparison, description }: AlarmSpec): void {
    const alarm = new cloudwatch.Alarm(this, id, {
      metric,
      threshold,
      comparisonOperator: comparison ?? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: of ?? periods,
      datapointsToAlarm: periods,
      treatMissingData: missing ?? cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: description,
    });
    alarm.addAlarmAction(new actions.SnsAction(this.topic));
    alarm.addOkAction(new actions.SnsAction(this.topic));
  }

  private rule(id: string, description: string, eventPattern: events.EventPattern): void {
    const rule = new events.Rule(this, id, { description, eventPattern });
    rule.addTarget(new targets.SnsTopic(this.topic));
  }

  /** Once a topic has a policy of its own, alarms need to be in it. */
  private allowServices(): void {
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}
