import type { UndeliveredMail } from '../pipelines/level-alerts/mail/undelivered';
import type { WindowRecord } from '../pipelines/level-alerts/counting/window-record';

/** What the pages show, asked for at every request. */
export interface WebSource {
  /** The latest revision of each window, in any order. */
  windows(): readonly WindowRecord[];
  /** Mails that wait to be sent, and mails that were refused. */
  undelivered(): readonly UndeliveredMail[];
  /** All mails, in any order. */
  mails(): Promise<readonly MailSummary[]>;
  /** A mail as it would have travelled. @param name as `mails` gives it */
  mail(name: string): Promise<Buffer>;
  metrics(): readonly Metric[];
}

/** A line of the mailbox page. */
export interface MailSummary {
  readonly name: string;
  readonly subject: string;
  readonly to: readonly string[];
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** One sample of a metric, named as Prometheus wants it: `telltale_lines_total`. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}
