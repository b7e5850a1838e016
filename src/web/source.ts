import type { Markup } from '../html/escape';
import type { Metric } from '../stream/view';

/** What the pages show, asked for at every request. */
export interface WebSource {
  /** What the pipelines show. @param lastMails a section with the last mails, for pipelines that mail */
  sections(lastMails: Markup, query: URLSearchParams): readonly Markup[];
  /** Mails, newest first: `most` of them, without the first `from`. */
  mails(from: number, most: number): Promise<MailList>;
  /**
   * A mail as it would have travelled.
   * @param name as `mails` gives it; any other is never used as a path
   * @throws FILE_NOT_FOUND
   */
  mail(name: string): Promise<Buffer>;
  metrics(): readonly Metric[];
  /** Why the program does not do all of its work; none when it does. */
  problems(): readonly string[];
  /** Why only a restart of the program may help; none when it lives. */
  deaths(): readonly string[];
}

export interface MailList {
  /** The number of all mails. */
  readonly total: number;
  readonly mails: readonly MailSummary[];
}

/** A line of the mailbox page. */
export interface MailSummary {
  readonly name: string;
  readonly subject: string;
  readonly to: readonly string[];
  /** Epoch milliseconds. */
  readonly sentAt: number;
}
