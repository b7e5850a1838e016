import {
  GetAccountCommand,
  GetEmailIdentityCommand,
  GetSuppressedDestinationCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import type { IdentityFacts, MailFacts } from '../../doctor/mail';
import { ONE_TRY } from './inspect-account';

export interface MailNames {
  readonly receiver: string;
  /** Null: the region of the SDK's standard chain. */
  readonly region: string | null;
  readonly from: string;
  readonly to: readonly string[];
}

/** Asks SES about a receiver's account, identity and recipients. @throws an error of the SDK */
export async function inspectMail(names: MailNames, abortSignal: AbortSignal): Promise<MailFacts> {
  const { receiver, region, from, to } = names;
  const client = new SESv2Client({ ...ONE_TRY, ...(region === null ? {} : { region }) });
  try {
    const account = await client.send(new GetAccountCommand({}), { abortSignal });
    const recipients = to.map(addressOf);
    const answers = await Promise.all(
      recipients.map(async (address) => ({ address, reason: await suppressionOf(client, address, abortSignal) })),
    );
    return {
      receiver,
      region: await client.config.region(),
      isProduction: account.ProductionAccessEnabled === true,
      maySend: account.SendingEnabled !== false && account.EnforcementStatus !== 'SHUTDOWN',
      quota: account.SendQuota?.Max24HourSend ?? -1,
      sent: account.SendQuota?.SentLast24Hours ?? 0,
      identity: await identityOf(client, addressOf(from), abortSignal),
      suppressed: answers.flatMap(({ address, reason }) => (reason === null ? [] : [{ address, reason }])),
      recipients: recipients.length,
    };
  } finally {
    client.destroy();
  }
}

/** `Telltale <a@example.com>` → `a@example.com` */
function addressOf(mailbox: string): string {
  return /<([^<>]+)>\s*$/.exec(mailbox)?.[1] ?? mailbox;
}

/** The identity of an address, else of its domain, else of a domain above it; null when there is none. */
async function identityOf(
  client: SESv2Client,
  address: string,
  abortSignal: AbortSignal,
): Promise<IdentityFacts | null> {
  const labels = address.slice(address.lastIndexOf('@') + 1).split('.');
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
  for (const name of [address, ...domains]) {
    const found = await unlessMissing(
      client.send(new GetEmailIdentityCommand({ EmailIdentity: name }), { abortSignal }),
    );
    if (found === null) continue;
    const { VerifiedForSendingStatus: verified = false, DkimAttributes: dkim } = found;
    return { name, verified, dkim: dkim?.Status ?? 'NOT_STARTED' };
  }
  return null;
}

/** Why SES sends nothing to an address; null when it sends. */
async function suppressionOf(client: SESv2Client, address: string, abortSignal: AbortSignal): Promise<string | null> {
  const command = new GetSuppressedDestinationCommand({ EmailAddress: address });
  const found = await unlessMissing(client.send(command, { abortSignal }));
  return found === null ? null : (found.SuppressedDestination?.Reason ?? 'suppressed');
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundException') return null;
    throw error;
  }
}
