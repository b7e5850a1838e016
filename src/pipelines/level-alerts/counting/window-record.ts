/**
 * The record of one window of one origin in topic `windows` (`topics-are-contracts`): the contract between counting (ours,
 * or a Flink or Spark job) and alerting. Only key and counts are required of other engines.
 * `window-record.schema.json` beside this file is the published JSON Schema.
 */
export interface WindowRecord extends LevelPatterns {
  readonly v: 1;
  /** ISO 8601, UTC; inclusive. */
  readonly windowStart: string;
  /** ISO 8601, UTC; exclusive. */
  readonly windowEnd: string;
  readonly origin: string;
  readonly counts: LevelCounts;
  /** Lines that continue a record (stack traces). */
  readonly continuation: number;
  /** Lines before a generation's first record. */
  readonly unparsed: number;
  /** sum(counts) + continuation + unparsed. */
  readonly lines: number;
  /** Lines repeated by rewritten objects; outside `lines`. */
  readonly again: number;
  /** Lines whose timestamp is more than `maxFutureSkew` after LastModified; a part of `lines`. */
  readonly future: number;
  /** Lines that came after their own window was evicted, counted at their ingestion; outside `lines`. */
  readonly expired: number;
  /** Lines of any kind before which others of their source may be missing (`gap=possible`): how often content was lost. */
  readonly gaps: number;
  /** Newest event time seen in this window (parsed timestamps), epoch milliseconds; null when there was none. */
  readonly newest: number | null;
  /** Its origin's watermark when this revision was made, epoch milliseconds; null before any parsed timestamp. */
  readonly watermark: number | null;
  /** True if the origin was idle when this revision was made. */
  readonly idle: boolean;
  /** 1, 2, 3 … */
  readonly revision: number;
  readonly complete: boolean;
  /** The patterns of other levels that rules count; those of ERROR lines stand in the record itself. Missing when there are none. */
  readonly levels?: Readonly<Partial<Record<'warn' | 'info' | 'debug', LevelPatterns>>>;
  /** Sources of which lines were not understood, the lowest 3 by name; missing when there are none. */
  readonly notUnderstood?: readonly NotUnderstood[];
  /** Its writer: `telltale/<version>`. */
  readonly engine: string;
}

/** The messages of the lines of one level. */
export interface LevelPatterns {
  /** Masked messages with counts, most frequent first, ties by text; at most 256, the rest in `otherPatterns`. */
  readonly patterns: readonly PatternCount[];
  /** Lines of patterns that are not kept. */
  readonly otherPatterns: number;
  /** A line of each pattern, the lowest by (source, generation, offset), with the telling lines of its stack trace; cut at 512 bytes. */
  readonly samples: readonly PatternSample[];
}

export interface LevelCounts {
  readonly error: number;
  readonly warn: number;
  readonly info: number;
  readonly debug: number;
  readonly none: number;
}

export interface PatternCount {
  readonly pattern: string;
  readonly count: number;
}

export interface SampleLine {
  readonly source: string;
  /** `generation:byteOffset`, as in the line's `at` header. */
  readonly at: string;
  readonly text: string;
}

export interface PatternSample extends SampleLine {
  /** Index of its pattern in `patterns`. Missing in records of earlier versions. */
  readonly pattern?: number;
}

/** The first line of a source that was not understood. Earlier previews wrote another count, `lines`. */
export interface NotUnderstood extends SampleLine {
  /** Lines of the source in the window that were not understood. */
  readonly unparsed: number;
}

/** Key of a window's record: exactly `{"origin":…,"windowStart":"…Z"}`, in this order, without spaces (`topics-are-contracts`). */
export function windowKey(origin: string, windowStart: string): string {
  return JSON.stringify({ origin, windowStart });
}
