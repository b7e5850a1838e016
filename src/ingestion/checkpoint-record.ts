import { TelltaleError } from '../errors';
import type { ReadingState, DedupMark } from '../lines/reading-state';
import { dayMs } from '../lines/timestamps';
import { quarantineReasons, type Checkpoint, type LedgerSums, type Quarantined } from './checkpoint';

/**
 * A checkpoint as a record of topic `checkpoints`: key = SourceId, value = JSON with short names and without what is as
 * usual, so that a hundred thousand of them fit in memory (less than 300 bytes each). `telltale audit` says them in words.
 *
 * | name  | is                                    | left out when                     |
 * |-------|---------------------------------------|-----------------------------------|
 * | v     | 2                                     |                                   |
 * | o     | origin                                |                                   |
 * | g     | generation                            | 0                                 |
 * | n     | size                                  |                                   |
 * | at    | offset                                | equal to n                        |
 * | z     | 1: encoding is gzip                   | plain                             |
 * | e     | ETag, without its quotes              |                                   |
 * | i     | versionId                             | there is none                     |
 * | m     | lastModified                          |                                   |
 * | s     | objectSize                            | equal to n                        |
 * | w     | 0: not the whole object was read      | all of it was                     |
 * | c     | CRC64NVME                             | unknown                           |
 * | k     | `CRC32:…` or `CRC32C:…`               | there is none                     |
 * | f     | fingerprint                           |                                   |
 * | p     | proof: 1 first, 2 fingerprint         | proven                            |
 * | h, hs | held tail, heldSince                  | nothing is held                   |
 * | r     | reading, see below                    |                                   |
 * | b     | [published, dropped, skipped]         | all of n but the tail is published|
 * | x     | possibleGap                           | 0                                 |
 * | u     | unsaidGap                             | there is none                     |
 * | q     | quarantine: [etag, size, reason, lastModified, versionId] | there is none |
 * | d     | ended                                 | the object is there               |
 *
 * In `r`, newest and earlier count their times from lastModified, all others from the newest (from lastModified where
 * there is none). Null stands for none where something is usual.
 *
 * | name  | is                                    | left out when                     |
 * |-------|---------------------------------------|-----------------------------------|
 * | f     | format                                | there is none                     |
 * | d     | day                                   | it is that of t                   |
 * | t     | lastTime                              | there is none                     |
 * | x     | crossing: [day, time]                 | there is none                     |
 * | r     | record: [time, 1 again + 2 future]    | it is of the newest time, and 0   |
 * | a     | firstTimestamp                        | there is none                     |
 * | b     | firstDay                              | equal to the day                  |
 * | n, y  | newest, earlier: [time, …hashes]      | there is none                     |
 * | p     | before: [firstTimestamp, firstDay]    | there is none                     |
 * | c     | openCut                               | there is none                     |
 */
export function encodeCheckpoint(checkpoint: Checkpoint): { key: Buffer; value: Buffer } {
  return {
    key: Buffer.from(checkpoint.source, 'utf8'),
    value: Buffer.from(JSON.stringify(shortened(checkpoint)), 'utf8'),
  };
}

/**
 * Reads a checkpoint back. Fields that are not known here are passed over.
 * @param value null for a tombstone, as compaction wants it
 * @returns null for a tombstone
 * @throws CORRUPT_CHECKPOINT when it cannot be a checkpoint: reading on from it could lose or repeat lines
 */
export function decodeCheckpoint(key: Buffer, value: Buffer | null): Checkpoint | null {
  if (value === null) return null;
  const source = key.toString('utf8');
  try {
    return checkpointFrom(source, JSON.parse(value.toString('utf8')));
  } catch (error) {
    throw new TelltaleError(
      'CORRUPT_CHECKPOINT',
      `The checkpoint of ${JSON.stringify(source)} cannot be read: ${error instanceof Error ? error.message : String(error)}. ` +
        'The source is not read on; run the version of Telltale that wrote it.',
      { cause: error },
    );
  }
}

function shortened(checkpoint: Checkpoint): unknown {
  const { offset, size, sums, crc32, quarantine, held } = checkpoint;
  const usual = sums.dropped === 0 && sums.skipped === 0 && sums.published === offset;
  return {
    v: 2,
    o: checkpoint.origin,
    g: orLeftOut(checkpoint.generation, 0),
    n: size,
    at: orLeftOut(offset, size),
    z: checkpoint.encoding === 'gzip' ? 1 : undefined,
    e: withoutQuotes(checkpoint.etag),
    i: checkpoint.versionId ?? undefined,
    m: checkpoint.lastModified,
    s: orLeftOut(checkpoint.objectSize, size),
    w: checkpoint.whole ? undefined : 0,
    c: checkpoint.crc64 ?? undefined,
    k: crc32 === null ? undefined : `${crc32.algorithm}:${crc32.value}`,
    f: checkpoint.fingerprint.slice(0, -1),
    p: orLeftOut(proofs.indexOf(checkpoint.proof), 0),
    h: orLeftOut(held, ''),
    hs: checkpoint.heldSince ?? undefined,
    r: shortReading(checkpoint.reading, checkpoint.lastModified),
    b: usual ? undefined : [sums.published, sums.dropped, sums.skipped],
    x: orLeftOut(checkpoint.possibleGap, 0),
    u: checkpoint.unsaidGap ?? undefined,
    q: quarantine === null ? undefined : shortQuarantine(quarantine),
    d: checkpoint.ended ?? undefined,
  };
}

function shortQuarantine({ etag, size, reason, lastModified, versionId }: Quarantined): unknown {
  return [etag, size, reason, lastModified, versionId];
}

function shortReading(reading: ReadingState, lastModified: number): unknown {
  const { day, lastTime, crossing, record, firstDay, newest, earlier, before } = reading;
  const base = newest?.time ?? lastModified;
  const mark = (stamp: DedupMark): number[] => [stamp.time - lastModified, ...stamp.hashes];
  return {
    f: reading.format ?? undefined,
    d: orLeftOut(day, dayOf(lastTime)),
    t: lastTime === null ? undefined : lastTime - base,
    x: crossing === null ? undefined : [crossing.day, crossing.time - base],
    r: shortRecord(record, newest, base),
    a: reading.firstTimestamp ?? undefined,
    b: orLeftOut(firstDay, day),
    n: newest === null ? undefined : mark(newest),
    y: earlier === null ? undefined : mark(earlier),
    p: before === null ? undefined : [before.firstTimestamp, before.firstDay],
    c: reading.openCut ?? undefined,
  };
}

function shortRecord(
  record: ReadingState['record'],
  newest: DedupMark | null,
  base: number,
): number[] | null | undefined {
  if (record === null) return newest === null ? undefined : null;
  const flags = (record.again ? AGAIN : 0) + (record.future ? FUTURE : 0);
  return newest !== null && record.time === newest.time && flags === 0 ? undefined : [record.time - base, flags];
}

/** The day of a wall time; time-only stamps have no other. */
function dayOf(lastTime: number | null): number | null {
  return lastTime === null ? null : Math.floor(lastTime / dayMs);
}

/** By their numbers. */
const proofs = ['proven', 'first', 'fingerprint'] as const;

const AGAIN = 1;
const FUTURE = 2;

/** What JSON leaves out. */
function orLeftOut<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value;
}

/** An ETag has quotes; in JSON each takes two bytes. Of one that is no plain quoted text nothing is taken away. */
function withoutQuotes(etag: string): string {
  return /^"[^"=][^"]*"$/.test(etag) ? etag.slice(1, -1) : `=${etag}`;
}

function withQuotes(text: string): string {
  return text.startsWith('=') ? text.slice(1) : `"${text}"`;
}

function checkpointFrom(source: string, json: unknown): Checkpoint {
  const at = objectAt(json, 'it');
  if (at['v'] !== 2) throw new Error(`its version is ${JSON.stringify(at['v'])}, only 2 is known here`);
  const size = count(at, 'n');
  const offset = orElse(at, 'at', size, count);
  const lastModified = finite(at, 'm');
  if (offset > size) throw new Error(`offset ${offset} lies behind size ${size}`);
  return {
    v: 2,
    source,
    origin: text(at, 'o'),
    generation: orElse(at, 'g', 0, count),
    offset,
    size,
    encoding: at['z'] === 1 ? 'gzip' : 'plain',
    etag: withQuotes(text(at, 'e')),
    versionId: orNull(at, 'i', text),
    lastModified,
    objectSize: orElse(at, 's', size, count),
    whole: at['w'] !== 0,
    crc64: orNull(at, 'c', (parent, name) => matching(parent, name, /^[0-9a-f]{16}$/)),
    crc32: orNull(at, 'k', crc32At),
    fingerprint: `${matching(at, 'f', /^[A-Za-z0-9+/]{43}$/)}=`,
    proof: orElse(at, 'p', 'proven', proofAt),
    held: orElse(at, 'h', '', (parent, name) => matching(parent, name, /^[A-Za-z0-9+/]*={0,2}$/)),
    heldSince: orNull(at, 'hs', finite),
    reading: readingFrom(at['r'], lastModified),
    sums: orElse(at, 'b', { published: offset, dropped: 0, skipped: 0 }, sumsAt),
    possibleGap: orElse(at, 'x', 0, count),
    unsaidGap: orNull(at, 'u', count),
    quarantine: orNull(at, 'q', quarantineAt),
    ended: orNull(at, 'd', finite),
  };
}

function crc32At(parent: Fields, name: string): Checkpoint['crc32'] {
  const [algorithm, value = ''] = matching(parent, name, /^CRC32C?:[0-9a-f]{8}$/).split(':');
  return { algorithm: algorithm === 'CRC32C' ? 'CRC32C' : 'CRC32', value };
}

function proofAt(parent: Fields, name: string): Checkpoint['proof'] {
  const proof = proofs[count(parent, name)];
  if (proof === undefined) throw new Error(`${name} is the number of no proof`);
  return proof;
}

function sumsAt(parent: Fields, name: string): LedgerSums {
  const at = listAt(parent, name);
  return { published: count(at, 0), dropped: count(at, 1), skipped: count(at, 2) };
}

function quarantineAt(parent: Fields, name: string): Quarantined {
  const at = listAt(parent, name);
  return {
    etag: text(at, 0),
    size: count(at, 1),
    reason: oneOf(at, 2, quarantineReasons),
    lastModified: finite(at, 3),
    versionId: at[4] === null ? null : text(at, 4),
  };
}

function readingFrom(json: unknown, lastModified: number): ReadingState {
  const at = objectAt(json, 'r');
  const mark = (parent: Fields, name: string): DedupMark => stampMark(parent, name, lastModified);
  const newest = orNull(at, 'n', mark);
  const base = newest?.time ?? lastModified;
  const lastTime = orNull(at, 't', (parent, name) => base + finite(parent, name));
  const day = at['d'] === undefined ? dayOf(lastTime) : orNull(at, 'd', finite);
  return {
    format: orNull(at, 'f', text),
    day,
    lastTime,
    crossing: orNull(at, 'x', (parent, name) => {
      const crossing = listAt(parent, name);
      return { day: finite(crossing, 0), time: base + finite(crossing, 1) };
    }),
    record: recordFrom(at, newest, base),
    firstTimestamp: orNull(at, 'a', text),
    firstDay: at['b'] === undefined ? day : orNull(at, 'b', finite),
    newest,
    earlier: orNull(at, 'y', mark),
    before: orNull(at, 'p', (parent, name) => {
      const before = listAt(parent, name);
      return { firstTimestamp: text(before, 0), firstDay: finite(before, 1) };
    }),
    openCut: orNull(at, 'c', (parent, name) => oneOf(parent, name, ['head', 'tail'])),
  };
}

function recordFrom(at: Fields, newest: DedupMark | null, base: number): ReadingState['record'] {
  if (at['r'] === undefined) return newest === null ? null : { time: newest.time, again: false, future: false };
  return orNull(at, 'r', (parent, name) => {
    const record = listAt(parent, name);
    const flags = count(record, 1);
    return { time: base + finite(record, 0), again: (flags & AGAIN) !== 0, future: (flags & FUTURE) !== 0 };
  });
}

function stampMark(parent: Fields, name: string, lastModified: number): DedupMark {
  const at = listAt(parent, name);
  return {
    time: lastModified + finite(at, 0),
    hashes: Object.keys(at)
      .slice(1)
      .map((index) => count(at, index)),
  };
}

// Fields of parsed JSON, each read as what it has to be.

type Fields = Readonly<Record<string | number, unknown>>;

function objectAt(json: unknown, name: string): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`${name} is no object`);
  return { ...json };
}

function listAt(parent: Fields, name: string): Fields {
  const value = parent[name];
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  return Object.fromEntries(value.entries());
}

function orNull<T>(at: Fields, name: string, read: (at: Fields, name: string) => T): T | null {
  return at[name] === null || at[name] === undefined ? null : read(at, name);
}

function orElse<T, N extends string | number>(at: Fields, name: N, usual: T, read: (at: Fields, name: N) => T): T {
  return at[name] === undefined ? usual : read(at, name);
}

function text(at: Fields, name: string | number): string {
  const value = at[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

function matching(at: Fields, name: string, shape: RegExp): string {
  const value = text(at, name);
  if (!shape.test(value)) throw new Error(`${name} is not of the shape ${shape.source}`);
  return value;
}

function oneOf<const T extends string>(at: Fields, name: string | number, values: readonly T[]): T {
  const value = values.find((known) => known === at[name]);
  if (value === undefined) throw new Error(`${name} is none of ${values.join(', ')}`);
  return value;
}

function finite(at: Fields, name: string | number): number {
  const value = at[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} is no number`);
  return value;
}

function count(at: Fields, name: string | number): number {
  const value = finite(at, name);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is no count`);
  return value;
}
