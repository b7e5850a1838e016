import type { ScannedStep } from '../progress';
import type { Repeats } from '../../lines/repeats/repeat-finder';
import type { Checkpoint, ContentEncoding } from '../checkpoint';
import type { RangeDigest } from '../content';
import type { ReingestRequest } from '../ingest/work-queue';
import type { OriginRule } from '../origin';
import type { SourceObject } from '../plan';
import type { HeldTail } from '../progress';
import type { Verification } from '../proof';
import type { ObjectFault, QuarantineRecord } from '../quarantine';
import type { Since, SourceVersion } from '../versions';
import type { Decision } from './trace';

/**
 * The events and actions of the reader of one source. Events are facts: never the bytes of an object, except the up to 64 KiB
 * that a checkpoint keeps. Actions are data, carried out one after the other.
 */

/** How sources are read. The same for all of them, except `since.listed`. */
export interface ReaderRules {
  readonly bucket: string;
  readonly originRule: OriginRule;
  readonly since: Since;
  /** How long an unterminated line is held. 0 publishes it at once: nothing will follow (`local --once`). */
  readonly forceFlushAfterMs: number;
  /** Appended bytes, or a compressed object, of at most this size are kept in memory while they are verified; larger ones are read twice. */
  readonly maxProofBytes: number;
  /** Without a usable checksum, up to this many bytes are read again to prove an append. */
  readonly maxReproofBytes: number;
}

/** Why an action failed. */
export type Fault = ObjectFault & { readonly detail: string };

/** A version as a listing names it. */
export interface ListedVersion extends SourceVersion {
  /** Bytes of the object as it is stored. */
  readonly size: number;
}

/** Where a step begins: its first byte. */
export interface StepStart {
  readonly generation: number;
  readonly offset: number;
}

export type ReaderEvent =
  /** The committed checkpoint of the source. Uncommitted steps are lost, and reading starts over. */
  | { readonly type: 'started'; readonly checkpoint: Checkpoint | null }
  /** Answer to `check`; null when there is no such object or version. */
  | { readonly type: 'checked'; readonly object: SourceObject | null }
  /** Answer to `findInListing`; null when the listing does not name the key. */
  | { readonly type: 'foundInListing'; readonly object: SourceObject | null }
  /** Answer to `listVersions`: oldest first. */
  | { readonly type: 'versionsListed'; readonly versions: readonly ListedVersion[] }
  /** Answer to `open`: the content is readable to its end, and open from its first byte. */
  | { readonly type: 'opened'; readonly encoding: ContentEncoding }
  /** Answer to `readEnd`: the last up to 64 KiB of a plain object; null for a compressed one. */
  | {
      readonly type: 'endRead';
      readonly encoding: ContentEncoding;
      readonly end: { readonly before: Buffer; readonly fingerprint: string } | null;
    }
  /** Answer to `digestPrefix`: `before` is the up to 64 KiB before the end of the range. */
  | { readonly type: 'prefixDigested'; readonly range: RangeDigest; readonly before: Buffer }
  /**
   * Answer to `verify` and `reread`. After `verify`, the content is open from the resumption on, unless it was disproved or
   * `keep` was false.
   * @param crc32 the second checksum of the bytes read before, after `reread`
   */
  | { readonly type: 'verified'; readonly verification: Verification; readonly crc32: Checkpoint['identity']['crc32'] }
  /**
   * Answer to `findRepeats`. The content is open from the resumption on, if `keep` was true.
   * @param repeats null when there are none
   * @param missing blocks of the sketch that should exist and do not
   */
  | { readonly type: 'repeatsFound'; readonly repeats: Repeats | null; readonly missing: number }
  /** From `scan` and `flushTail`: lines that can be published. */
  | { readonly type: 'scanned'; readonly step: ScannedStep; readonly range: RangeDigest; readonly lines: LineFacts }
  /** Last answer to `scan`: the end of the content. */
  | { readonly type: 'contentEnded'; readonly range: RangeDigest; readonly tail: HeldTail }
  /** Last answer to `flushTail`. */
  | { readonly type: 'tailFlushed' }
  /** The last action failed. */
  | (Fault & { readonly type: 'failed' });

/** Numbers of lines in a scanned batch. */
export interface LineFacts {
  readonly count: number;
  /** Marked `again=1`: they were read before. */
  readonly repeated: number;
  /** Records not newer than all earlier generations that were not read before: late lines of a rotation, or edited ones. */
  readonly old: number;
  readonly cutHead: number;
  readonly cutTail: number;
  readonly cutRest: number;
}

/** Each of these is answered by one event, or by `failed`; `scan` and `flushTail` by `scanned` any number of times before. */
export type RequestAction =
  /** HEAD of the newest object (null), or of a version. */
  | { readonly type: 'check'; readonly versionId: string | null }
  /** The object as a listing names it: HEAD was refused. */
  | { readonly type: 'findInListing' }
  /** @param from the versions from this one on; null for all */
  | { readonly type: 'listVersions'; readonly from: string | null }
  /** Opens the content from its first byte. A compressed one is decompressed to its end first, so that no broken one is published. */
  | { readonly type: 'open'; readonly object: SourceObject }
  /** Reads the first bytes, which tell the encoding, and the last ones of a plain object. */
  | { readonly type: 'readEnd'; readonly object: SourceObject }
  /** Reads the first `size` bytes of the open content for their checksum only. */
  | { readonly type: 'digestPrefix'; readonly checkpoint: Checkpoint; readonly size: number }
  /**
   * Verifies that the object begins with the bytes read before.
   * @param by `checksum`: reads the appended bytes for their checksum, and keeps them if `keep`. `fingerprint`: reads the 64
   *   KiB before the appended bytes and leaves the rest open: one read sees one version, even if the object changes.
   */
  | {
      readonly type: 'verify';
      readonly by: 'checksum' | 'fingerprint';
      readonly checkpoint: Checkpoint;
      readonly object: SourceObject;
      readonly keep: boolean;
    }
  /** Verifies by reading the bytes again that were read before: from the open content, or from the store. */
  | {
      readonly type: 'reread';
      readonly checkpoint: Checkpoint;
      readonly object: SourceObject;
      readonly content: ContentSource;
    }
  /**
   * Reads the content from the checkpoint to the end of the object for the lines that were read before (`repeated-lines`).
   * @param flush an unterminated last line counts, too
   * @param keep keeps the content and leaves it open
   */
  | {
      readonly type: 'findRepeats';
      readonly checkpoint: Checkpoint;
      readonly object: SourceObject;
      readonly content: ContentSource;
      readonly flush: boolean;
      readonly keep: boolean;
    }
  /**
   * Reads lines from the checkpoint to the end of the object.
   * @param flush publish an unterminated last line, too
   * @param repeats the lines that were read before; null when there are none
   */
  | {
      readonly type: 'scan';
      readonly checkpoint: Checkpoint;
      readonly object: SourceObject;
      readonly content: ContentSource;
      readonly flush: boolean;
      readonly repeats: Repeats | null;
    }
  /** Makes lines of the held, unterminated last line: it will never be terminated. */
  | { readonly type: 'flushTail'; readonly checkpoint: Checkpoint };

/** `opened`: as an earlier action left it open. `stored`: by a read of its own. */
export type ContentSource = 'opened' | 'stored';

export type EndAction =
  /** Asks for the committed checkpoint, which comes as `started`: the object changed during the read. */
  | { readonly type: 'lookUp' }
  /** Everything is published. `request` still has to be fulfilled. */
  | { readonly type: 'finish'; readonly checkpoint: Checkpoint | null; readonly request: ReingestRequest | null }
  | { readonly type: 'fail'; readonly detail: string; readonly request: ReingestRequest | null };

export interface PublishAction {
  readonly type: 'publish';
  readonly from: StepStart;
  /** Publish the lines of the event's batch; `afterGap`: the first is marked, lines before it may be missing. */
  readonly lines: 'none' | 'batch' | 'afterGap';
  readonly checkpoint: Checkpoint;
  /** Record for topic `quarantine`. */
  readonly quarantine: QuarantineRecord | null;
  /** False for the last step of an object. */
  readonly more: boolean;
}

export interface TraceAction {
  readonly type: 'trace';
  readonly decision: Decision;
}

export type ReaderAction =
  | RequestAction
  | PublishAction
  /** Closes the open content. */
  | { readonly type: 'close' }
  | TraceAction
  | EndAction;
