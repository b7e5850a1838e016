import type { Markup } from '../html/escape';
import type { DecidedMessage } from './message-diff';

/** A record of a topic that a pipeline shows. */
export interface SeenRecord {
  readonly topic: string;
  readonly key: Buffer;
  /** Null when the record of this key was deleted, as `telltale reset` does. */
  readonly value: Buffer | null;
  /** True when it was written after the program started. */
  readonly isNew: boolean;
}

/** Shows people a running pipeline, from its topics: for pages and tables, never for decisions. */
export interface View {
  /** The topics that it follows, from their first record. */
  readonly topics: readonly string[];
  add(record: SeenRecord): void;
  metrics(): readonly Metric[];
  /**
   * Its part of the status page.
   * @param lastMails a section with the last mails, for pipelines that mail
   * @param query of the page's URL
   */
  sections(lastMails: Markup, query: URLSearchParams): readonly Markup[];
  /** The newest results as a table for a terminal, drawn again every second. */
  table(): readonly string[];
  /** Lines that stay, since the last call. */
  news(): News;
}

export interface News {
  /** Printed above the table, or alone. */
  readonly messages: readonly string[];
  /** Printed where there is no terminal to draw the table on: the rows that are complete. */
  readonly rows: readonly string[];
}

/** One sample of a metric, named as Prometheus wants it: `telltale_lines_total`. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What `replay` and `local --once` print. It is the same for the same files. */
export interface Results {
  /** The topics that it takes, in this order. */
  readonly topics: readonly string[];
  /** Takes a record. A later record replaces an earlier one with the same key. */
  add(record: SeenRecord): void;
  /**
   * The lines to print; with `json`, each is one object.
   * @param bytes bytes of content that were read, decompressed, by topic of lines
   */
  lines(json: boolean, bytes: ReadonlyMap<string, number>): readonly string[];
  /** The messages that the rules ask for, in order of time. */
  decided?(): readonly DecidedMessage[];
  /** Sentences for people about messages that were refused, from new records. */
  refused?(): readonly string[];
}
