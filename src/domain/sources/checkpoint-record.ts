import { TelltaleError } from '../../errors';
import type { ReadingState, StampMark } from '../lines/reading-state';
import type { Checkpoint, LedgerSums } from './checkpoint';

/** A checkpoint as a record of topic `checkpoints`: key = SourceId, value = JSON. */
export function encodeCheckpoint(checkpoint: Checkpoint): { key: Buffer; value: Buffer } {
  return { key: Buffer.from(checkpoint.source, 'utf8'), value: Buffer.from(JSON.stringify(checkpoint), 'utf8') };
}

/**
 * Reads a checkpoint back. Fields that are not known here are passed over.
 * @param value null for a tombstone, as compaction wants it
 * @returns null for a tombstone
 * @throws CORRUPT_CHECKPOINT when it cannot be a checkpoint of that source: reading on from it could lose or repeat lines
 */
export function decodeCheckpoint(key: Buffer, value: Buffer | null): Checkpoint | null {
  if (value === null) return null;
  const source = key.toString('utf8');
  try {
    const checkpoint = checkpointFrom(JSON.parse(value.toString('utf8')));
    if (checkpoint.source !== source) throw new Error(`it names ${JSON.stringify(checkpoint.source)}`);
    return checkpoint;
  } catch (error) {
    throw new TelltaleError(
      'CORRUPT_CHECKPOINT',
      `The checkpoint of ${JSON.stringify(source)} cannot be read: ${error instanceof Error ? error.message : String(error)}. ` +
        'The source is not read on; run the version of Telltale that wrote it.',
      { cause: error },
    );
  }
}

function checkpointFrom(json: unknown): Checkpoint {
  const at = objectAt(json, 'it');
  if (at['v'] !== 1) throw new Error(`its version is ${JSON.stringify(at['v'])}, only 1 is known here`);
  const offset = count(at, 'offset');
  const size = count(at, 'size');
  if (offset > size) throw new Error(`offset ${offset} lies behind size ${size}`);
  return {
    v: 1,
    source: text(at, 'source'),
    origin: text(at, 'origin'),
    generation: count(at, 'generation'),
    offset,
    size,
    etag: text(at, 'etag'),
    versionId: orNull(at, 'versionId', text),
    lastModified: finite(at, 'lastModified'),
    crc64: matching(at, 'crc64', /^[0-9a-f]{16}$/),
    fingerprint: matching(at, 'fingerprint', /^[A-Za-z0-9+/]{43}=$/),
    proof: oneOf(at, 'proof', ['first', 'proven', 'fingerprint']),
    held: matching(at, 'held', /^[A-Za-z0-9+/]*={0,2}$/),
    heldSince: orNull(at, 'heldSince', finite),
    reading: readingFrom(at['reading']),
    sums: sumsFrom(at['sums']),
    possibleGap: count(at, 'possibleGap'),
    ended: flag(at, 'ended'),
  };
}

function sumsFrom(json: unknown): LedgerSums {
  const at = objectAt(json, 'sums');
  return {
    published: count(at, 'published'),
    dropped: count(at, 'dropped'),
    skipped: count(at, 'skipped'),
    quarantined: count(at, 'quarantined'),
  };
}

function readingFrom(json: unknown): ReadingState {
  const at = objectAt(json, 'reading');
  return {
    format: orNull(at, 'format', text),
    day: orNull(at, 'day', finite),
    lastTime: orNull(at, 'lastTime', finite),
    crossing: orNull(at, 'crossing', (parent, name) => {
      const crossing = objectAt(parent[name], name);
      return { day: finite(crossing, 'day'), time: finite(crossing, 'time') };
    }),
    record: orNull(at, 'record', (parent, name) => {
      const record = objectAt(parent[name], name);
      return { time: finite(record, 'time'), again: flag(record, 'again'), future: flag(record, 'future') };
    }),
    firstStamp: orNull(at, 'firstStamp', text),
    firstDay: orNull(at, 'firstDay', finite),
    newest: orNull(at, 'newest', stampMark),
    earlier: orNull(at, 'earlier', stampMark),
    before: orNull(at, 'before', (parent, name) => {
      const before = objectAt(parent[name], name);
      return { firstStamp: text(before, 'firstStamp'), firstDay: finite(before, 'firstDay') };
    }),
    openCut: orNull(at, 'openCut', (parent, name) => oneOf(parent, name, ['head', 'tail'])),
  };
}

function stampMark(parent: Fields, name: string): StampMark {
  const at = objectAt(parent[name], name);
  const hashes: unknown = at['hashes'];
  if (!Array.isArray(hashes) || !hashes.every((hash): hash is number => typeof hash === 'number')) {
    throw new Error(`${name}.hashes is no list of numbers`);
  }
  return { time: finite(at, 'time'), hashes };
}

// Fields of parsed JSON, each read as what it has to be.

type Fields = Readonly<Record<string, unknown>>;

function objectAt(json: unknown, name: string): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`${name} is no object`);
  return { ...json };
}

function orNull<T>(at: Fields, name: string, read: (at: Fields, name: string) => T): T | null {
  return at[name] === null || at[name] === undefined ? null : read(at, name);
}

function text(at: Fields, name: string): string {
  const value = at[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

function matching(at: Fields, name: string, shape: RegExp): string {
  const value = text(at, name);
  if (!shape.test(value)) throw new Error(`${name} is not of the shape ${shape.source}`);
  return value;
}

function oneOf<const T extends string>(at: Fields, name: string, values: readonly T[]): T {
  const value = values.find((known) => known === at[name]);
  if (value === undefined) throw new Error(`${name} is none of ${values.join(', ')}`);
  return value;
}

function finite(at: Fields, name: string): number {
  const value = at[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} is no number`);
  return value;
}

function count(at: Fields, name: string): number {
  const value = finite(at, name);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is no count`);
  return value;
}

function flag(at: Fields, name: string): boolean {
  const value = at[name];
  if (typeof value !== 'boolean') throw new Error(`${name} is neither true nor false`);
  return value;
}
