import type { QuarantineReason } from '../../../src/ingestion/checkpoint';
import type { Content } from './contents';
import { recordsOf, type Records } from './records';

/** The possible results of checking one source, by the rules. */

/** Options of reading. */
export interface Rules {
  readonly versioned: boolean;
  readonly maxLineBytes: number;
  readonly forceFlushAfterMs: number;
  readonly retentionMs: number;
}

/** The present bucket, for one source. */
export interface Stored {
  /** All put objects, in order. */
  readonly contents: readonly Content[];
  readonly deleted: boolean;
  /** The first version that is still kept, of a bucket with versions. */
  readonly firstKept: number;
  /** Elapsed milliseconds. */
  readonly now: number;
}

/** The state of a source that was checked. */
export interface Known {
  readonly generation: number;
  /** The bytes read of the generation. */
  readonly bytes: Buffer;
  readonly cuts: readonly number[];
  readonly heldSince: number | null;
  /** Index of the object read last, and whether it was read to its end. */
  readonly index: number;
  readonly etag: string;
  readonly encoding: 'plain' | 'gzip';
  readonly whole: boolean;
  readonly ended: number | null;
  readonly refused: { readonly etag: string; readonly reason: QuarantineReason } | null;
  readonly possibleGap: number;
}

/** One possible state. */
export interface Situation {
  /** Records of ended generations. */
  readonly over: readonly string[];
  /** Records of topic `quarantine`. */
  readonly quarantine: readonly string[];
  readonly isForgotten: boolean;
  /** Null when the source is unknown or was removed. */
  readonly known: Known | null;
}

export const nothingYet: Situation = { over: [], quarantine: [], isForgotten: false, known: null };

/** Clocks tick while a test runs: times are uncertain by at most this much. */
const SLACK_MS = 30 * 60_000;

/** Whether `ms` has passed since then; both when it is close. */
function hasPassed(since: number, ms: number, now: number): readonly boolean[] {
  if (ms === 0) return [true];
  const over = now - since - ms;
  return Math.abs(over) <= SLACK_MS ? [true, false] : [over > 0];
}

export function readRecords({ known }: Situation, { versioned, maxLineBytes }: Rules): Records {
  if (known === null) return { names: [], offsets: [], heldFrom: 0 };
  // With versions lines are missing only when one was gone, and the visible results leave that out (`withoutGaps`).
  return recordsOf({ ...known, isBehindGap: !versioned && known.generation > 0 }, maxLineBytes);
}

export function allRecords(situation: Situation, rules: Rules): readonly string[] {
  return [...situation.over, ...readRecords(situation, rules).names];
}

/** A check: of every new version, or of the object as it is. */
export function look(situation: Situation, stored: Stored, rules: Rules): readonly Situation[] {
  const { contents, deleted } = stored;
  const newest = contents.length - 1;
  const last = situation.known?.index ?? -1;
  const isPartly = situation.known?.whole === false;
  let situations: readonly Situation[] = [situation];
  if (!deleted || (rules.versioned && (last < newest || isPartly))) {
    const first = rules.versioned ? Math.max(stored.firstKept, isPartly ? last : last + 1) : newest;
    // The last one is gone: later ones may be gone, too.
    if (rules.versioned && last < Math.min(newest, stored.firstKept)) situations = [withPossibleGap(situation)];
    for (let index = Math.max(0, Math.min(newest, first)); index <= newest; index++) {
      situations = situations.flatMap((one) => read(one, index, stored, rules));
    }
  }
  return deleted ? situations.map((one) => end(one, stored, rules)) : situations;
}

function withPossibleGap({ known, ...others }: Situation): Situation {
  return { ...others, known: known === null ? null : { ...known, possibleGap: known.possibleGap + 1 } };
}

function read(situation: Situation, index: number, stored: Stored, rules: Rules): readonly Situation[] {
  const { known } = situation;
  const content = stored.contents[index];
  if (content === undefined || (known !== null && known.refused?.etag === content.etag)) return [situation];

  const isSame = known !== null && known.etag === content.etag;
  if (isSame && known.whole && known.ended === null && known.refused === null) {
    return waited({ ...situation, known: { ...known, index } }, stored, rules);
  }
  // A gzip is identified by its content, another object by its bytes.
  const bytes = known?.encoding === 'gzip' ? content.text : content.stored;
  const goesOn = known !== null && (isSame || bytes.subarray(0, known.bytes.length).equals(known.bytes));
  const isOpened = known === null || known.bytes.length === 0 || !goesOn || (known.encoding === 'gzip' && !isSame);
  if (isOpened && content.broken !== null) return [refuse(situation, index, content, content.broken)];
  const { etag, encoding } = content;
  const about = { index, etag, encoding, bytes: content.text, whole: true, ended: null, refused: null };
  if (known === null || goesOn) {
    const { generation, cuts, heldSince, possibleGap } = known ?? nothingKnown;
    const now: Known = { generation, cuts, heldSince, possibleGap, ...about };
    return finish({ ...situation, known: now }, known?.bytes.length ?? 0, stored, rules);
  }
  const over = withoutTail(situation, rules);
  const { names } = readRecords(over, rules);
  const next: Known = {
    ...about,
    generation: known.generation + 1,
    cuts: [],
    heldSince: null,
    possibleGap: known.possibleGap + (rules.versioned ? 0 : 1),
  };
  return finish({ ...over, over: [...over.over, ...names], known: next }, 0, stored, rules);
}

const nothingKnown = { generation: 0, cuts: [], heldSince: null, possibleGap: 0 };

/**
 * After the last byte of an object.
 * @param readBefore bytes; a held tail that only grew keeps its age
 */
function finish(situation: Situation, readBefore: number, { now }: Stored, rules: Rules): readonly Situation[] {
  const { known } = situation;
  if (known === null) return [situation];
  if (rules.forceFlushAfterMs === 0) return [withoutTail(situation, rules)];
  const { heldFrom } = readRecords(situation, rules);
  const since = heldFrom < readBefore ? (known.heldSince ?? now) : now;
  return [{ ...situation, known: { ...known, heldSince: heldFrom === known.bytes.length ? null : since } }];
}

/** The same object again: its held tail may be overdue. */
function waited(situation: Situation, { now }: Stored, rules: Rules): readonly Situation[] {
  const since = situation.known?.heldSince ?? null;
  if (since === null) return [situation];
  return hasPassed(since, rules.forceFlushAfterMs, now).map((isDue) =>
    isDue ? withoutTail(situation, rules) : situation,
  );
}

function refuse(situation: Situation, index: number, { etag }: Content, reason: QuarantineReason): Situation {
  const known = situation.known ?? { ...nothingKnown, ...nothingRead, etag };
  return {
    ...situation,
    quarantine: [...situation.quarantine, `${etag} ${reason}`],
    known: { ...known, index, ended: null, refused: { etag, reason } },
  };
}

const nothingRead = { bytes: Buffer.alloc(0), encoding: 'plain', whole: false, ended: null } as const;

/** The held line will never be terminated: it is published as it is. */
export function withoutTail(situation: Situation, rules: Rules): Situation {
  const { known } = situation;
  if (known === null || readRecords(situation, rules).heldFrom === known.bytes.length) return situation;
  return { ...situation, known: { ...known, cuts: [...known.cuts, known.bytes.length], heldSince: null } };
}

function end(situation: Situation, { now }: Stored, rules: Rules): Situation {
  if (situation.known === null || situation.known.ended !== null) return situation;
  const { known, ...others } = withoutTail(situation, rules);
  return { ...others, known: known === null ? null : { ...known, ended: now } };
}

/** A listing removes sources that ended before everything still in the topic. */
export function forget(situation: Situation, { deleted, now }: Stored, rules: Rules): readonly Situation[] {
  const ended = situation.known?.ended ?? null;
  if (ended === null || !deleted) return [situation];
  const forgotten = { ...situation, over: allRecords(situation, rules), isForgotten: true, known: null };
  return hasPassed(ended, rules.retentionMs, now).map((isDue) => (isDue ? forgotten : situation));
}

/** A denied object replaces an unreadable one, which is then unknown. */
export function denied(situation: Situation, { contents, deleted }: Stored): readonly Situation[] {
  const { known } = situation;
  const refused = known?.refused ?? null;
  if (known === null || refused === null || deleted || contents.at(-1)?.etag === refused.etag) return [];
  return [{ ...situation, known: { ...known, refused: null } }];
}

/**
 * An object may go away, or a version be removed, before anything of it is committed but that a new generation begins: what
 * was held of the one before is published, and the next object may continue it.
 */
export function closedFor({ known }: Situation, before: Situation, rules: Rules): readonly Situation[] {
  return known === null || known.generation === before.known?.generation ? [] : [withoutTail(before, rules)];
}

/**
 * An object may go away, or a version be removed, while it is read: the part committed by then stays. It ends behind
 * some line, or inside of one that is too long.
 */
export function cutShort(before: Situation, after: Situation, rules: Rules): readonly Situation[] {
  const { known } = after;
  if (known === null || known === before.known) return [];
  const same = before.known?.generation === known.generation ? before.known : null;
  const from = same?.bytes.length ?? 0;
  const ends: number[] = [];
  for (let start = 0; start < known.bytes.length;) {
    const next = known.bytes.indexOf(10, start) + 1 || known.bytes.length;
    if (next - start > rules.maxLineBytes) ends.push(start + rules.maxLineBytes);
    if (known.bytes[next - 1] === 10) ends.push(next);
    start = next;
  }
  const some = ends.filter((at) => at > from && at < known.bytes.length);
  return some.map((at) => ({
    ...after,
    known: {
      ...known,
      bytes: known.bytes.subarray(0, at),
      cuts: known.cuts.filter((cut) => cut < at),
      whole: false,
      heldSince: null,
    },
  }));
}
