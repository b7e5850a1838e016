import { Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';

interface MailProps {
  readonly domain: string;
  readonly from: string;
}

/** SES: the verified domain, and the configuration set of every mail. */
export class Mail extends Construct {
  readonly identity: ses.EmailIdentity;
  readonly configurationSet: ses.ConfigurationSet;
  readonly records: readonly DnsRecord[];
  private readonly from: string;

  constructor(scope: Construct, id: string, { domain, from }: MailProps) {
    super(scope, id);
    this.from = from;
    const mailFrom = `bounce.${domain}`;
    this.configurationSet = new ses.ConfigurationSet(this, 'Configuration', {
      tlsPolicy: ses.ConfigurationSetTlsPolicy.REQUIRE,
      reputationMetrics: true,
    });
    this.configurationSet.addEventDestination('Refusals', {
      destination: ses.EventDestination.eventBus(events.EventBus.fromEventBusName(this, 'Bus', 'default')),
      events: [ses.EmailSendingEvent.BOUNCE, ses.EmailSendingEvent.COMPLAINT, ses.EmailSendingEvent.REJECT],
    });
    this.identity = new ses.EmailIdentity(this, 'Identity', {
      identity: ses.Identity.domain(domain),
      mailFromDomain: mailFrom,
      configurationSet: this.configurationSet,
    });
    const { region } = Stack.of(this);
    this.records = [
      ...this.identity.dkimRecords.map(({ name, value }) => ({ name, type: 'CNAME', value })),
      { name: mailFrom, type: 'MX', value: `10 feedback-smtp.${region}.amazonses.com` },
      { name: mailFrom, type: 'TXT', value: 'v=spf1 include:amazonses.com ~all' },
      { name: `_dmarc.${domain}`, type: 'TXT', value: `v=DMARC1; p=none; rua=mailto:postmaster@${domain}` },
    ];
  }

  /** SES checks the configuration set beside the identity; `grantSendEmail` of the identity leaves it out (aws-cdk #34402). */
  grantSend(role: iam.Role): void {
    const { partition, region, account } = Stack.of(this);
    const set = `arn:${partition}:ses:${region}:${account}:configuration-set/${this.configurationSet.configurationSetName}`;
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ses:SendRawEmail'],
        resources: [this.identity.emailIdentityArn, set],
        conditions: { StringEquals: { 'ses:FromAddress': this.from } },
      }),
    );
    // The sender asks for rate and quota; the action has no resources.
    role.addToPolicy(new PolicyStatement({ actions: ['ses:GetSendQuota'], resources: ['*'] }));
  }
}

export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}
