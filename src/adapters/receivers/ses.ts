import {
  GetSendQuotaCommand,
  SendRawEmailCommand,
  SESClient,
  type GetSendQuotaCommandOutput,
} from '@aws-sdk/client-ses';
import { visible, truncate } from '../../html/escape';
import { TelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type { MailSender } from '../../ports/sender';
import { buildMime } from '../mime';

export interface SesOptions {
  readonly name: string;
  /** Null: the region of the SDK's standard chain. */
  readonly region: string | null;
  readonly configurationSet: string | null;
  readonly clock: Clock;
}

const REQUEST = { connectionTimeout: 10_000, requestTimeout: 20_000 };
/** How long a quota is taken to hold. */
const QUOTA_MS = 5 * 60_000;
/** A day's quota frees itself by and by. */
const QUOTA_RETRY_MS = 15 * 60_000;

interface Quota {
  readonly readAt: number;
  /** Mails a second. */
  readonly rate: number;
  /** Mails left of the last 24 hours. */
  left: number;
}

/**
 * Amazon SES, API v1 (SendRawEmail): one call a mail and address, never repeated by the SDK, at the rate of the account.
 * SES replaces `Message-ID` by its own.
 */
export function sesSender({ name, region, configurationSet, clock }: SesOptions): MailSender {
  const client = new SESClient({
    ...(region === null ? {} : { region }),
    maxAttempts: 1,
    requestHandler: REQUEST,
  });
  let quota: Quota | null = null;
  let notBefore = 0;

  const readQuota = async (now: number): Promise<Quota> => {
    if (quota !== null && now < quota.readAt + QUOTA_MS) return quota;
    const answer: Partial<GetSendQuotaCommandOutput> = await client
      .send(new GetSendQuotaCommand())
      .catch((error: unknown) => {
        // Rights to send are enough: then it sends slowly.
        if (error instanceof Error && /AccessDenied/.test(error.name)) return {};
        throw error;
      });
    const { MaxSendRate = 1, Max24HourSend = -1, SentLast24Hours = 0 } = answer;
    const left = Max24HourSend < 0 ? Infinity : Max24HourSend - SentLast24Hours;
    quota = { readAt: now, rate: MaxSendRate, left };
    return quota;
  };

  return {
    send: async (mail, { target }) => {
      const now = clock.now();
      try {
        const current = await readQuota(now);
        if (current.left < 1) {
          throw new TelltaleError('DELIVERY_FAILED', `Receiver ${name}: the daily quota of SES is used up.`, {
            reason: 'DailyQuota',
            retryAfterMs: QUOTA_RETRY_MS,
          });
        }
        if (now < notBefore) await clock.sleep(notBefore - now);
        notBefore = clock.now() + 1000 / Math.max(current.rate, 0.1);
        const { MessageId = '' } = await client.send(
          new SendRawEmailCommand({
            Source: mail.from,
            Destinations: target.address === null ? [...mail.to] : [target.address],
            RawMessage: { Data: await buildMime(mail, now) },
            ...(configurationSet === null ? {} : { ConfigurationSetName: configurationSet }),
          }),
        );
        current.left -= 1;
        return MessageId;
      } catch (error) {
        throw explained(error, name);
      }
    },
    close: () => client.destroy(),
  };
}

/** SES names these when it refuses a mail or an address: "SendRawEmail" and "Common errors" in its API reference. */
const REFUSALS = ['MessageRejected', 'InvalidParameterValue', 'ValidationError', 'MailFromDomainNotVerifiedException'];

function explained(error: unknown, receiver: string): TelltaleError {
  if (error instanceof TelltaleError) return error;
  const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
  const who = `Receiver ${receiver}: SES answered ${visible(kind)}: ${truncate(visible(message), 300)}`;
  const reason = codeOf(error) ?? kind;
  if (REFUSALS.includes(kind)) return new TelltaleError('DELIVERY_REFUSED', who, { cause: error, reason });
  const retryAfterMs = retryAfter(kind, message);
  return new TelltaleError('DELIVERY_FAILED', who, {
    cause: error,
    reason,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}

/** A fault of the system or of TLS has a code. */
function codeOf(error: unknown): string | null {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : null;
  return typeof code === 'string' ? code : null;
}

function retryAfter(kind: string, message: string): number | null {
  if (/daily message quota/i.test(message)) return QUOTA_RETRY_MS;
  return /throttl|limitexceeded/i.test(kind) ? 1000 : null;
}
