import type { QuarantineReason } from '../checkpoint';

/** One decision about a source, for the log and the counters: what, why, and about which bytes. */
export type Decision = Reason & Place & { readonly amount: number; readonly detail?: string };

/** The names are those of the table of decisions. */
export type Reason =
  | { readonly decision: 'firstRead'; readonly reason: 'new' | 'appended-since-listing' | 'from-now-on' }
  | { readonly decision: 'notCompressed'; readonly reason: 'name' }
  | { readonly decision: 'appended'; readonly reason: 'same-object' | 'checksum' | 'reread' | 'fingerprint' }
  | { readonly decision: 'rewritten'; readonly reason: RewriteReason }
  | {
      readonly decision: 'versionSkipped';
      readonly reason: 'before-since' | 'gone' | 'same-content' | 'in-quarantine';
    }
  | { readonly decision: 'held'; readonly reason: 'unterminated' }
  | { readonly decision: 'cut'; readonly reason: 'head' | 'tail' | 'rest' }
  | { readonly decision: 'quarantined'; readonly reason: QuarantineReason }
  | { readonly decision: 'repeatedLines'; readonly reason: 'read-before' }
  | { readonly decision: 'oldLinesCounted'; readonly reason: 'not-read-before' }
  | { readonly decision: 'linesNotUnderstood'; readonly reason: 'no-format' }
  | { readonly decision: 'linesDoubtful'; readonly reason: 'no-indent' }
  | { readonly decision: 'sourceNotUnderstood'; readonly reason: 'no-format' | 'no-indent' }
  | { readonly decision: 'sketchIncomplete'; readonly reason: 'blocks-missing' }
  | { readonly decision: 'bytesDropped'; readonly reason: 'in-no-line' | 'not-held' }
  | { readonly decision: 'possibleGap'; readonly reason: 'rewritten' | 'version-gone' };

/** `requested`: by `telltale reingest`. The others say what differs. */
export type RewriteReason = 'shorter' | 'checksum' | 'fingerprint' | 'content' | 'requested';

/** The bytes [from, to) of a generation. */
export interface Place {
  readonly source: string;
  readonly versionId: string | null;
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}
