import type { ReingestRequest } from '../ingest/work-queue';
import type { Recognition } from '../../lines/recognition';
import type { Checkpoint, ContentEncoding } from '../checkpoint';
import type { SourceObject } from '../plan';
import type { SourceId } from '../source-id';
import type { ContentSource, Fault, ListedVersion, ReaderAction, ReaderRules } from './protocol';
import type { RewriteReason } from './trace';

/** The state of the reader of one source. */
export interface ReaderState {
  readonly source: SourceId;
  readonly key: string;
  /** The topic of its lines, if it was never read. */
  readonly topic: string;
  readonly rules: ReaderRules;
  readonly request: ReingestRequest | null;
  /** True when this reading must fulfill the request. */
  readonly isReingest: boolean;
  /** Readings that failed since the reader was created. */
  readonly attempts: number;
  /** After the last published step. */
  readonly checkpoint: Checkpoint | null;
  readonly phase: Phase;
}

export type Phase =
  /** Before `started`, and after an end action. */
  | { readonly at: 'rest' }
  | { readonly at: 'checkingNewest' }
  | { readonly at: 'findingInListing'; readonly fault: Fault }
  | { readonly at: 'listingVersions' | 'checkingDeletion'; readonly walk: Walk }
  | { readonly at: 'checkingVersion'; readonly walk: Walk; readonly version: ListedVersion }
  /** @param walk null when nothing follows the object */
  | { readonly at: 'readingObject'; readonly walk: Walk | null; readonly reading: ObjectReading }
  | { readonly at: 'endingSource' };

/** The versions of an object, read oldest first. */
export interface Walk {
  /** The newest object when the walk began; null when it was deleted. */
  readonly newest: SourceObject | null;
  /** Still to be read. */
  readonly versions: readonly ListedVersion[];
  /** The version checked last when the versions were listed; undefined when none was ever checked. */
  readonly listedAfter: string | null | undefined;
  /** Start the requested generation after the walk. */
  readonly thenReingest: boolean;
}

/** The reading of one object, or of one version. */
export interface ObjectReading {
  readonly object: SourceObject;
  readonly step: ObjectStep;
}

export type ObjectStep =
  | { readonly name: 'opening'; readonly purpose: OpenPurpose }
  | { readonly name: 'readingEnd' }
  | { readonly name: 'digestingPrefix'; readonly start: Checkpoint }
  /** @param keep the appended bytes stay open */
  | { readonly name: 'verifying'; readonly by: 'checksum' | 'fingerprint'; readonly keep: boolean }
  /** @param encoding of the object, when its content was opened for this; null when the suffix was verified before */
  | { readonly name: 'rereading'; readonly encoding: ContentEncoding | null; readonly keep: boolean }
  | { readonly name: 'flushing'; readonly encoding: ContentEncoding; readonly purpose: NewGeneration }
  /** @param content of the scan that follows */
  | { readonly name: 'findingRepeats'; readonly content: ContentSource; readonly flush: boolean }
  | { readonly name: 'scanning'; readonly tally: Tally };

/** Numbers of a scan since byte `from`: traced once for each object, not for each batch. */
export interface Tally {
  readonly from: number;
  readonly repeatedLines: number;
  readonly oldLines: number;
  readonly droppedBytes: number;
  /** Before the scan. */
  readonly recognition: Recognition;
}

export type OpenPurpose =
  /** @param skip bytes that were there at the first start */
  { readonly kind: 'firstRead'; readonly skip: number } | NewGeneration | { readonly kind: 'reread' };

export interface NewGeneration {
  readonly kind: 'newGeneration';
  readonly reason: RewriteReason;
  /** Count lines that were read before again. */
  readonly count: boolean;
}

/** The settings for decisions about one object. */
export interface ReadingContext {
  readonly source: SourceId;
  readonly key: string;
  readonly topic: string;
  readonly rules: ReaderRules;
  /** True after repeated changes: read once, accept a fingerprint match. */
  readonly singlePass: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The reading of an object after an event. */
export interface ObjectTurn {
  readonly checkpoint: Checkpoint | null;
  /** Null when the object is read. */
  readonly reading: ObjectReading | null;
  readonly actions: readonly ReaderAction[];
}
