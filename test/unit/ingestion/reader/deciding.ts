import type { Checkpoint, ContentEncoding } from '../../../../src/ingestion/checkpoint';
import { EMPTY_FINGERPRINT, type RangeDigest } from '../../../../src/ingestion/content';
import type { SourceObject } from '../../../../src/ingestion/plan';
import { firstCheckpoint } from '../../../../src/ingestion/generations';
import { decide, initialReader } from '../../../../src/ingestion/reader/decide';
import type { LineFacts, ReaderAction, ReaderEvent, ReaderRules } from '../../../../src/ingestion/reader/protocol';
import type { ReaderState } from '../../../../src/ingestion/reader/state';
import type { Verification } from '../../../../src/ingestion/proof';
import { errorCodes } from '../../../../src/errors';
import { initialReadingState } from '../../../../src/lines/reading-state';
import { changed, type CheckpointChange } from '../../../support/ingestion/checkpoints';

/** Facts and expectations about the reader of one source: given a checkpoint, when events come, then actions follow. */

export const KEY = 'host/app.log';
export const SOURCE = `bucket/${KEY}`;
export const NOW = 1_000_000;

export const rules: ReaderRules = {
  bucket: 'bucket',
  originRule: { prefix: '', named: null },
  since: { ms: -Infinity, older: 'ignored', listed: null },
  forceFlushAfterMs: 10_000,
  maxProofBytes: 1_000,
  maxReproofBytes: 5_000,
};

/** An object; the ETag names its content. */
export function objectOf(etag: string, size: number, versionId?: string): SourceObject {
  return { etag, size, lastModified: 500, ...(versionId === undefined ? {} : { versionId }) };
}

/** All of object `"a"` was read. */
export function readTo(size: number, change: CheckpointChange = {}): Checkpoint {
  return changed(firstCheckpoint(SOURCE, 'host', objectOf('"a"', size), 'plain', 'logs'), {
    size,
    offset: size,
    whole: true,
    sums: { published: size, dropped: 0, skipped: 0 },
    ...change,
  });
}

/** The same, after which an unterminated line is held. */
export function holding(bytes: number, size: number, change: CheckpointChange = {}): Checkpoint {
  return readTo(size, {
    offset: size - bytes,
    held: Buffer.alloc(Math.min(bytes, 64 * 1024), 'x').toString('base64'),
    heldSince: NOW - 1,
    sums: { published: size - bytes, dropped: 0, skipped: 0 },
    ...change,
  });
}

export function rangeOf(from: number, to: number): RangeDigest {
  return { from, to, crc64: 0n, crc32: null, fingerprint: EMPTY_FINGERPRINT };
}

export const noCuts: Omit<LineFacts, 'count'> = { repeated: 0, old: 0, cutHead: 0, cutTail: 0, cutRest: 0 };

/** Bytes [from, to) became `count` lines; `size` bytes were read before. */
export function scanned(
  from: number,
  to: number,
  size: number,
  lines: Partial<LineFacts> = {},
  dropped = 0,
): ReaderEvent {
  return {
    type: 'scanned',
    step: { from, to, publishedBytes: to - from - dropped, droppedBytes: dropped, reading: initialReadingState },
    range: rangeOf(size, Math.max(size, to)),
    lines: { count: 1, ...noCuts, ...lines },
  };
}

/** The content ended at `to`; `size` bytes were read before, and `held` bytes are not terminated. */
export function contentEnded(size: number, to: number, held = 0): ReaderEvent {
  return {
    type: 'contentEnded',
    range: rangeOf(size, to),
    tail: { held: Buffer.alloc(Math.min(held, 64 * 1024), 'x'), reading: initialReadingState },
  };
}

export const opened = (encoding: ContentEncoding = 'plain'): ReaderEvent => ({ type: 'opened', encoding });
export const checked = (object: SourceObject | null): ReaderEvent => ({ type: 'checked', object });
/** Version `v1` is the object that {@link readTo} has read. */
export const versionsListed = (...names: readonly string[]): ReaderEvent => ({
  type: 'versionsListed',
  versions: names.map((versionId) => ({
    versionId,
    size: 100,
    etag: versionId === 'v1' ? '"a"' : `"${versionId}"`,
    lastModified: 500,
  })),
});
export const verified = (outcome: Verification['outcome'], by: Verification['by'] = 'checksum'): ReaderEvent => ({
  type: 'verified',
  verification: { outcome, by },
  crc32: null,
});
export const failed = (
  code: Extract<ReaderEvent, { type: 'failed' }>['code'],
  reason: string | null = null,
): ReaderEvent => ({
  type: 'failed',
  code,
  retriable: errorCodes[code].retriable && reason === null,
  reason,
  detail: `because of ${code}`,
});

export interface Given {
  readonly checkpoint: Checkpoint | null;
  readonly request?: { readonly count: boolean; readonly after: number | null };
  readonly rules?: Partial<ReaderRules>;
  readonly attempts?: number;
  readonly key?: string;
}

export interface Outcome {
  readonly state: ReaderState;
  /** The result of the last event. */
  readonly actions: readonly ReaderAction[];
  /** The same in short. */
  readonly names: readonly string[];
}

/** The newest object is checked first: the events begin with the answer to that check. */
export function given({ checkpoint, request, attempts = 0, key = KEY, ...given_ }: Given): {
  when: (...events: readonly ReaderEvent[]) => Outcome;
} {
  return {
    when: (...events) => {
      let state = {
        ...initialReader({ key, topic: 'logs' }, request ?? null, { ...rules, ...given_.rules }),
        attempts,
      };
      let actions: readonly ReaderAction[] = [];
      for (const event of [{ type: 'started', checkpoint } as const, ...events]) {
        ({ state, actions } = decide(state, event, NOW));
      }
      return { state, actions, names: actions.map(nameOf) };
    },
  };
}

/** An action in short. */
export function nameOf(action: ReaderAction): string {
  switch (action.type) {
    case 'check':
      return action.versionId === null ? 'check' : `check ${action.versionId}`;
    case 'listVersions':
      return `list versions from ${action.from ?? 'the first'}`;
    case 'open':
    case 'readEnd':
      return `${action.type} ${action.object.etag}`;
    case 'verify':
      return `verify by ${action.by}${action.keep ? ', keep' : ''}`;
    case 'reread':
      return `reread ${action.content}`;
    case 'findRepeats':
      return `find repeats ${action.content}${action.flush ? ', flush' : ''}${action.keep ? ', keep' : ''}`;
    case 'scan': {
      const { generation, size } = action.checkpoint.position;
      return `scan ${action.object.etag} ${action.content} from ${generation}:${size}${action.flush ? ', flush' : ''}`;
    }
    case 'publish': {
      const { from, lines, checkpoint, quarantine } = action;
      const end = `${checkpoint.position.generation}:${checkpoint.position.offset}`;
      const record = quarantine === null ? '' : `, quarantine ${quarantine.reason}`;
      return `publish ${from.generation}:${from.offset} to ${end} ${lines}${record}`;
    }
    case 'trace': {
      const { decision, reason, amount } = action.decision;
      return `trace ${decision} ${reason}${amount === 1 ? '' : ` ${amount}`}`;
    }
    case 'finish':
      return `finish${action.request === null ? '' : ', still requested'}`;
    case 'fail':
      return `fail ${action.detail}`;
    case 'findInListing':
    case 'digestPrefix':
    case 'flushTail':
    case 'close':
    case 'lookUp':
      return action.type;
  }
}
