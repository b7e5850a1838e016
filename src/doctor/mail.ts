import { fail, ok, warn, type Finding } from './finding';

/** The state of SES for one receiver of kind `ses`. */
export interface MailFacts {
  readonly receiver: string;
  readonly region: string;
  /** False in the sandbox: only verified addresses get mail. */
  readonly isProduction: boolean;
  readonly maySend: boolean;
  /** Mails in 24 hours; negative: no limit. */
  readonly quota: number;
  readonly sent: number;
  readonly identity: IdentityFacts | null;
  /** Recipients that SES does not send to, with the reason: `BOUNCE` or `COMPLAINT`. */
  readonly suppressed: readonly { readonly address: string; readonly reason: string }[];
  readonly recipients: number;
}

/** The identity that sends: an address, or else its domain. */
export interface IdentityFacts {
  readonly name: string;
  readonly verified: boolean;
  /** `SUCCESS`, `PENDING`, `NOT_STARTED` … */
  readonly dkim: string;
}

export function judgeMail(facts: MailFacts): readonly Finding[] {
  const name = (check: string): string => `receiver ${facts.receiver}: ${check}`;
  return [
    judgeAccount(facts, name('account')),
    judgeIdentity(facts, name('identity')),
    judgeDkim(facts, name('DKIM')),
    judgeQuota(facts, name('quota')),
    judgeRecipients(facts, name('recipients')),
  ];
}

function judgeAccount({ isProduction, maySend, region }: MailFacts, check: string): Finding {
  if (!maySend) return fail(check, `SES has stopped this account in ${region}`, 'The console of SES says why.');
  if (isProduction) return ok(check, `SES sends to everyone from ${region}`);
  const advice = 'Ask for production access in the console of SES, or verify each recipient.';
  return warn(check, `SES is in the sandbox in ${region}: only verified addresses get mail`, advice);
}

function judgeIdentity({ identity, region }: MailFacts, check: string): Finding {
  if (identity === null) {
    const advice = 'Deploy the stack with `mail`, or verify the address or its domain in this region.';
    return fail(check, `SES in ${region} knows neither the address of mail.from nor its domain`, advice);
  }
  if (identity.verified) return ok(check, `${identity.name} is verified`);
  const advice = 'Write the records of the stack (outputs Dns1 …) into the zone of the domain, and wait some minutes.';
  return fail(check, `${identity.name} is not verified`, advice);
}

function judgeDkim({ identity }: MailFacts, check: string): Finding {
  const status = identity?.dkim ?? 'NOT_STARTED';
  if (status === 'SUCCESS') return ok(check, 'mails are signed');
  const advice =
    'Write the three CNAME records of DKIM into the zone of the domain. Without them mails may go to spam.';
  return warn(check, `mails are not signed (${status})`, advice);
}

/** Above this share of the day's quota an outage of many hosts may reach it. */
const nearlyUsed = 0.8;

function judgeQuota({ quota, sent }: MailFacts, check: string): Finding {
  if (quota < 0) return ok(check, 'no limit');
  const says = `${sent} of ${quota} mails of the last 24 hours are used`;
  const advice = 'Ask for a higher quota in the console of SES.';
  if (sent >= quota) return fail(check, says, advice);
  return sent >= quota * nearlyUsed ? warn(check, says, advice) : ok(check, says);
}

function judgeRecipients({ suppressed, recipients }: MailFacts, check: string): Finding {
  if (suppressed.length === 0) return ok(check, `none of ${recipients} addresses is suppressed`);
  const list = suppressed.map(({ address, reason }) => `${address} (${reason})`).join(', ');
  const advice =
    'Correct the address, or remove it from the suppression list of SES: it accepts such mails and drops them.';
  return fail(check, `SES sends nothing to ${list}`, advice);
}
