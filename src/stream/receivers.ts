import type { Secret } from '../secret';
import type { Target } from './target';

/** Receivers as the configuration describes them: src/config/receivers.ts reads them. */
export type Receiver =
  | FolderReceiver
  | SmtpReceiver
  | SesReceiver
  | WebhookReceiver
  | SlackReceiver
  | PagerDutyReceiver
  | AlertmanagerReceiver;

interface Named {
  /** Names its lane and its records in the outbox: without a slash. */
  readonly name: string;
}

/** The folder of mails in the data folder. */
export interface FolderReceiver extends Named {
  readonly kind: 'folder';
  readonly from: string;
  readonly to: readonly string[];
}

interface MailReceiver extends Named {
  readonly from: string;
  /** It sends to each of these by itself, since each can be refused. */
  readonly to: readonly string[];
}

export interface SmtpReceiver extends MailReceiver {
  readonly kind: 'smtp';
  readonly host: string;
  readonly port: number;
  /** `starttls`: refuses to send without it. `implicit`: from the first byte, usually on port 465. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  /** A PEM file with the authorities to trust; null: those that come with Node. */
  readonly ca: string | null;
  readonly user: string | null;
  readonly password: SecretSource;
}

export interface SesReceiver extends MailReceiver {
  readonly kind: 'ses';
  /** Null: the region of the AWS SDK's standard chain. */
  readonly region: string | null;
  readonly configurationSet: string | null;
}

export interface WebhookReceiver extends Named {
  readonly kind: 'webhook';
  readonly url: SecretSource;
  /** Signs the requests; none: they are not signed. */
  readonly key: SecretSource;
}

export interface SlackReceiver extends Named {
  readonly kind: 'slack';
  readonly url: SecretSource;
}

export interface PagerDutyReceiver extends Named {
  readonly kind: 'pagerduty';
  readonly key: SecretSource;
  readonly url: string;
}

export interface AlertmanagerReceiver extends Named {
  readonly kind: 'alertmanager';
  /** Its address, without `/api/v2/alerts`. */
  readonly url: SecretSource;
}

/** Where a secret comes from: at most one of these is set. */
export interface SecretSource {
  readonly value: Secret | null;
  /** A file that holds nothing else. */
  readonly file: string | null;
  /** The name of an environment variable. */
  readonly env: string | null;
}

/** The targets of some receivers: an address each for those that send mails. */
export function targetsAt(receivers: readonly Receiver[]): readonly Target[] {
  return receivers.flatMap((receiver): readonly Target[] =>
    receiver.kind === 'smtp' || receiver.kind === 'ses'
      ? receiver.to.map((address) => ({ receiver: receiver.name, address }))
      : [{ receiver: receiver.name, address: null }],
  );
}
