import { TelltaleError } from '../errors';
import {
  count,
  finite,
  listAt,
  matching,
  objectAt,
  oneOf,
  orElse,
  orLeftOut,
  orNull,
  text,
  type JsonFields,
} from '../json-fields';
import { decodeReadingState, encodeReadingState, recognitionOf } from '../lines/reading-state-record';
import { endedRecognition, type Recognition } from '../lines/recognition';
import { isBucketKey } from './bucket-record';
import {
  DEFAULT_TOPIC,
  quarantineReasons,
  type Checkpoint,
  type Identity,
  type LedgerSums,
  type Position,
  type Quarantined,
} from './checkpoint';

/**
 * A checkpoint as a record of topic `checkpoints`: key = SourceId, value = JSON with short names and without usual values,
 * so that a hundred thousand of them fit in memory (about 300 bytes each). `telltale audit` shows the full names.
 *
 * | name  | is                                    | left out when                     |
 * |-------|---------------------------------------|-----------------------------------|
 * | v     | 2                                     |                                   |
 * | o     | origin                                |                                   |
 * | t     | topic                                 | `logs`                            |
 * | g     | generation                            | 0                                 |
 * | n     | size                                  |                                   |
 * | at    | offset                                | equal to n                        |
 * | z     | encoding: 1 gzip, 2 zstd              | plain                             |
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
 * | r     | format, see `encodeReadingState`      |                                   |
 * | b     | [published, dropped, skipped]         | all of n but the tail is published|
 * | x     | possibleGap                           | 0                                 |
 * | u     | pendingGap                            | there is none                     |
 * | q     | quarantine: [etag, size, reason, lastModified, versionId] | there is none |
 * | d     | ended                                 | the object is there               |
 */
export function encodeCheckpoint(checkpoint: Checkpoint): { key: Buffer; value: Buffer } {
  return {
    key: Buffer.from(checkpoint.source, 'utf8'),
    value: Buffer.from(JSON.stringify(shortened(checkpoint)), 'utf8'),
  };
}

/**
 * Reads a checkpoint back. Ignores unknown fields.
 * @param value null for a tombstone, which compaction needs
 * @returns null for a tombstone
 * @throws CORRUPT_CHECKPOINT when it cannot be a checkpoint: continuing from it could lose or repeat lines
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
        'The source is not read further; run the version of Telltale that wrote it.',
      { cause: error },
    );
  }
}

/**
 * Only how well the lines of a source were understood: a reader of all checkpoints need not decode the rest.
 * @returns null when there is nothing to say: the source has ended, or the record is not a checkpoint that can be read
 */
export function decodeRecognition(key: Buffer, value: Buffer | null): Recognition | null {
  if (value === null || isBucketKey(key.toString('utf8'))) return null;
  try {
    const at = objectAt(JSON.parse(value.toString('utf8')), 'it');
    return at['v'] !== 2 || orNull(at, 'd', finite) !== null ? null : endedRecognition(recognitionOf(at['r']));
  } catch {
    return null;
  }
}

/** The order of the fields is that of the record. */
function shortened({ origin, topic, position, identity, format, quarantine, ended }: Checkpoint): unknown {
  const { offset, size, sums } = position;
  const usual = sums.dropped === 0 && sums.skipped === 0 && sums.published === offset;
  return {
    v: 2,
    o: origin,
    t: orLeftOut(topic, DEFAULT_TOPIC),
    g: orLeftOut(position.generation, 0),
    n: size,
    at: orLeftOut(offset, size),
    ...shortIdentity(identity, size),
    h: orLeftOut(position.held, ''),
    hs: position.heldSince ?? undefined,
    r: encodeReadingState(format, identity.lastModified),
    b: usual ? undefined : [sums.published, sums.dropped, sums.skipped],
    x: orLeftOut(position.possibleGap, 0),
    u: position.pendingGap ?? undefined,
    q: quarantine === null ? undefined : shortQuarantine(quarantine),
    d: ended ?? undefined,
  };
}

function shortIdentity(identity: Identity, size: number): object {
  const { crc32 } = identity;
  return {
    z: orLeftOut(encodings.indexOf(identity.encoding), 0),
    e: withoutQuotes(identity.etag),
    i: identity.versionId ?? undefined,
    m: identity.lastModified,
    s: orLeftOut(identity.objectSize, size),
    w: identity.whole ? undefined : 0,
    c: identity.crc64 ?? undefined,
    k: crc32 === null ? undefined : `${crc32.algorithm}:${crc32.value}`,
    f: identity.fingerprint.slice(0, -1),
    p: orLeftOut(proofs.indexOf(identity.proof), 0),
  };
}

function shortQuarantine({ etag, size, reason, lastModified, versionId }: Quarantined): unknown {
  return [etag, size, reason, lastModified, versionId];
}

/** By their numbers. */
const encodings = ['plain', 'gzip', 'zstd'] as const;

/** By their numbers. */
const proofs = ['proven', 'first', 'fingerprint'] as const;

/** In JSON each of an ETag's quotes takes two bytes. An ETag that is not plain quoted text is kept as it is. */
function withoutQuotes(etag: string): string {
  return /^"[^"=][^"]*"$/.test(etag) ? etag.slice(1, -1) : `=${etag}`;
}

function withQuotes(text: string): string {
  return text.startsWith('=') ? text.slice(1) : `"${text}"`;
}

function checkpointFrom(source: string, json: unknown): Checkpoint {
  const at = objectAt(json, 'it');
  if (at['v'] !== 2) throw new Error(`its version is ${JSON.stringify(at['v'])}, only 2 is known here`);
  const origin = text(at, 'o');
  const topic = orElse(at, 't', DEFAULT_TOPIC, text);
  const position = positionFrom(at);
  const identity = identityFrom(at, position.size);
  return {
    source,
    origin,
    topic,
    position,
    identity,
    format: decodeReadingState(at['r'], identity.lastModified),
    quarantine: orNull(at, 'q', quarantineAt),
    ended: orNull(at, 'd', finite),
  };
}

function positionFrom(at: JsonFields): Position {
  const size = count(at, 'n');
  const offset = orElse(at, 'at', size, count);
  if (offset > size) throw new Error(`offset ${offset} lies after size ${size}`);
  return {
    generation: orElse(at, 'g', 0, count),
    offset,
    size,
    held: orElse(at, 'h', '', (parent, name) => matching(parent, name, /^[A-Za-z0-9+/]*={0,2}$/)),
    heldSince: orNull(at, 'hs', finite),
    sums: orElse(at, 'b', { published: offset, dropped: 0, skipped: 0 }, sumsAt),
    possibleGap: orElse(at, 'x', 0, count),
    pendingGap: orNull(at, 'u', count),
  };
}

function identityFrom(at: JsonFields, size: number): Identity {
  return {
    encoding: orElse(at, 'z', 'plain', encodingAt),
    etag: withQuotes(text(at, 'e')),
    versionId: orNull(at, 'i', text),
    lastModified: finite(at, 'm'),
    objectSize: orElse(at, 's', size, count),
    whole: at['w'] !== 0,
    crc64: orNull(at, 'c', (parent, name) => matching(parent, name, /^[0-9a-f]{16}$/)),
    crc32: orNull(at, 'k', crc32At),
    fingerprint: `${matching(at, 'f', /^[A-Za-z0-9+/]{43}$/)}=`,
    proof: orElse(at, 'p', 'proven', proofAt),
  };
}

function crc32At(parent: JsonFields, name: string): Identity['crc32'] {
  const [algorithm, value = ''] = matching(parent, name, /^CRC32C?:[0-9a-f]{8}$/).split(':');
  return { algorithm: algorithm === 'CRC32C' ? 'CRC32C' : 'CRC32', value };
}

function proofAt(parent: JsonFields, name: string): Identity['proof'] {
  const proof = proofs[count(parent, name)];
  if (proof === undefined) throw new Error(`${name} must be the number of a proof, below ${proofs.length}`);
  return proof;
}

function encodingAt(parent: JsonFields, name: string): Identity['encoding'] {
  const encoding = encodings[count(parent, name)];
  if (encoding === undefined) throw new Error(`${name} must be the number of an encoding, below ${encodings.length}`);
  return encoding;
}

function sumsAt(parent: JsonFields, name: string): LedgerSums {
  const at = listAt(parent, name);
  return { published: count(at, 0), dropped: count(at, 1), skipped: count(at, 2) };
}

function quarantineAt(parent: JsonFields, name: string): Quarantined {
  const at = listAt(parent, name);
  return {
    etag: text(at, 0),
    size: count(at, 1),
    reason: oneOf(at, 2, quarantineReasons),
    lastModified: finite(at, 3),
    versionId: at[4] === null ? null : text(at, 4),
  };
}
