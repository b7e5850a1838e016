import { ByteSum, type Crc64 } from '../byte-sum';
import type { QuarantineReason } from '../checkpoint';
import type { Claim } from './claim';
import { combineCrc, formatCrc, parseCrc } from '../crc-combine';
import type { SourceObject } from '../plan';
import type { Recognition } from '../../lines/recognition';
import type { Span, TopicFacts } from './topic-ledger';

/**
 * Proves the ledger of a source. A checkpoint claims for each byte of a generation that it was published, dropped, skipped
 * or held. The topic has the published bytes, and the store has the object. All three must agree (`bytes-are-conserved`).
 */

/** A source in the store. */
export interface StoreFacts {
  /** The newest object; null when there is none, undefined when the store was not asked. */
  readonly newest: SourceObject | null | undefined;
  /** The object that the checkpoint covers; null when it no longer exists. */
  readonly read: SourceObject | null;
  /** The bytes that `bytesToRead` asked for; null when they were not read. */
  readonly bytes: BytesRead | null;
}

/** CRC64NVMEs of bytes of an object. */
export interface BytesRead {
  /** The published bytes, by the checkpoint. */
  readonly published: bigint;
  /** All bytes up to the checkpoint's `size`. */
  readonly all: bigint;
}

/** Bytes of the object to read and compare with the topic's. */
export interface BytesToRead {
  readonly from: number;
  readonly to: number;
  /** First byte that was not published. */
  readonly offset: number;
  /** Dropped bytes before that. */
  readonly gaps: readonly Span[];
}

/**
 * Depth of the proof of a source.
 * - `content`: the lines in the topic are those of the object, byte for byte.
 * - `positions`: each published byte is in exactly one line; the bytes themselves can no longer be compared.
 * - `ledger`: retention removed all lines; the checkpoint's sums and the store's checksum agree.
 */
export type AuditProof = 'content' | 'positions' | 'ledger';

/** A result of `telltale audit`. Sizes are bytes of content, except those of quarantined objects. */
export interface Audited {
  readonly source: string;
  readonly generation: number;
  readonly size: number;
  readonly published: number;
  readonly held: number;
  readonly dropped: number;
  readonly skipped: number;
  readonly quarantined: number;
  /** Times that content may have been lost between two reads. */
  readonly possibleGap: number;
  readonly ok: boolean;
  readonly proof: AuditProof;
  /** Bytes of the newest object that were not read yet: all bytes, if it does not continue the object that was read. */
  readonly behind?: number;
  readonly quarantine?: QuarantineReason;
  /** How many lines of the generation were not understood; missing when there are none. They are published all the same. */
  readonly notUnderstood?: Recognition;
  /** The object was deleted, and the checkpoint records that. */
  readonly ended?: true;
  /** The object does not exist, but the checkpoint does not record that yet. */
  readonly deleted?: true;
  /** Why `ok` is false. */
  readonly problem?: string;
}

/**
 * The bytes of the object that prove the content. Null if the topic's bytes and the checkpoint's checksum are enough, or if
 * the object's bytes cannot be compared (compressed).
 */
export function bytesToRead(claim: Claim, topic: TopicFacts): BytesToRead | null {
  const { offset, size, encoding, sums } = claim;
  const seen = seenOf(claim, topic);
  if (encoding !== 'plain' || topic.problem !== null || seen === 'wrong' || seen === 'unsure') return null;
  if (seen === 'all' && isProvenByChecksum(claim, topic)) return null;
  if (seen === 'some' && topic.first === null) return null;
  const from = seen === 'all' ? sums.skipped : (topic.first ?? offset);
  return { from, to: size, offset, gaps: gapsOf(claim, topic) };
}

/** Sums the bytes requested by {@link bytesToRead}, starting at `from`, in pieces as they arrive. */
export function createByteReader(range: BytesToRead, crc64: Crc64): { push(piece: Buffer): void; finish(): BytesRead } {
  const published = ByteSum.ofMany(crc64);
  const all = ByteSum.ofMany(crc64);
  // Published bytes lie between the gaps; the held tail follows the last.
  const gaps = [...range.gaps, { from: range.offset, to: range.to }];
  let position = range.from;
  let next = 0;
  return {
    push(given) {
      let piece = given.subarray(0, Math.max(0, range.to - position));
      all.push(piece);
      while (piece.length > 0) {
        const gap = gaps[next] ?? { from: range.to, to: range.to };
        const inGap = position >= gap.from;
        const part = piece.subarray(0, (inGap ? gap.to : gap.from) - position);
        if (!inGap) published.push(part);
        position += part.length;
        piece = piece.subarray(part.length);
        if (position >= gap.to) next += 1;
      }
    },
    finish: () => ({ published: published.digest(), all: all.digest() }),
  };
}

/** @param retained true when the partition still has its first record */
export function auditResultOf(claim: Claim, topic: TopicFacts, store: StoreFacts, retained: boolean): Audited {
  const { proof, problem } = checkTopic(claim, topic, store.bytes, retained);
  const problems = [checkSums(claim), problem, checkStore(claim, store.read)].filter((found) => found !== null);
  const { published, dropped, skipped } = claim.sums;
  const quarantined = claim.quarantine?.size ?? 0;
  const behind = behindOf(claim, store.newest);
  return {
    source: claim.source,
    generation: claim.generation,
    size: claim.size + quarantined,
    published,
    held: claim.size - claim.offset,
    dropped,
    skipped,
    quarantined,
    possibleGap: claim.possibleGap,
    ok: problems.length === 0,
    proof,
    ...(behind === 0 ? {} : { behind }),
    ...(claim.quarantine === null ? {} : { quarantine: claim.quarantine.reason }),
    ...(claim.recognition === null ? {} : { notUnderstood: claim.recognition }),
    ...(claim.ended === null ? {} : { ended: true }),
    ...(claim.ended === null && store.newest === null ? { deleted: true } : {}),
    ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
  };
}

/** A source whose checkpoint is missing, or cannot be decoded. */
export function withoutClaim(source: string, about: { readonly behind?: number; readonly problem?: string }): Audited {
  return {
    source,
    generation: 0,
    size: 0,
    published: 0,
    held: 0,
    dropped: 0,
    skipped: 0,
    quarantined: 0,
    possibleGap: 0,
    ok: about.problem === undefined,
    proof: 'ledger',
    ...about,
  };
}

function checkSums({ offset, size, sums }: Claim): string | null {
  const { published, dropped, skipped } = sums;
  const sum = published + dropped + skipped;
  if (sum === offset && offset <= size) return null;
  return `${published} bytes published, ${dropped} dropped and ${skipped} skipped make ${sum}, the checkpoint stands at ${offset} of ${size}`;
}

/**
 * How many of the published bytes are in the topic. `unsure`: all, except that one or two bytes after a cut line may be
 * either published or dropped.
 */
function seenOf(claim: Claim, topic: TopicFacts): 'all' | 'some' | 'unsure' | 'wrong' {
  const { published, dropped } = claim.sums;
  const seen = topic.content.length;
  if (seen === published) return 'all';
  if (seen > published) return seen - topic.unsure <= published ? 'unsure' : 'wrong';
  if (lengthOf(topic.droppedRanges) > dropped) return 'wrong';
  return topic.unsure > 0 ? 'unsure' : 'some';
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

function checkTopic(
  claim: Claim,
  topic: TopicFacts,
  bytes: BytesRead | null,
  retained: boolean,
): { proof: AuditProof; problem: string | null } {
  const { published, dropped } = claim.sums;
  const { first, droppedRanges, content, problem } = topic;
  const seen = seenOf(claim, topic);
  const proof = first === null && published > 0 ? 'ledger' : 'positions';
  if (problem !== null) return { proof, problem };
  if (content.length < published && (retained || topic.earlier)) {
    return { proof, problem: `${published - content.length} of ${published} published bytes are in no line` };
  }
  if (seen === 'wrong') {
    const lines = `the topic's lines cover ${content.length} bytes and leave out ${lengthOf(droppedRanges)}`;
    return { proof, problem: `${lines}; ${published} were published and ${dropped} dropped` };
  }
  if (seen === 'all' && isProvenByChecksum(claim, topic)) return checkContent(claim, topic);
  if (bytes === null) return { proof, problem: null };
  const inTopic = withBom(claim, topic);
  if (bytes.published !== inTopic) return { proof, problem: 'the lines in the topic are not those of the object' };
  const isWhole = seen === 'all' && claim.sums.skipped === 0;
  if (isWhole && claim.crc64 !== null && bytes.all !== parseCrc(claim.crc64)) {
    return { proof, problem: "the object's bytes are not those that the checkpoint covers" };
  }
  return { proof: 'content', problem: null };
}

/** Compares the topic's lines and the held tail with the checkpoint's checksum. */
function checkContent(claim: Claim, topic: TopicFacts): { proof: AuditProof; problem: string | null } {
  const { crc64, length } = claim.held;
  const found = combineCrc('CRC64NVME', withBom(claim, topic), crc64, length);
  if (formatCrc('CRC64NVME', found) === claim.crc64) return { proof: 'content', problem: null };
  return {
    proof: 'positions',
    problem: `the lines in the topic are not the bytes that were read: their checksum is ${formatCrc('CRC64NVME', found)}, the checkpoint says ${claim.crc64 ?? 'none'}`,
  };
}

/** True when all bytes of the checkpoint's checksum are in the topic, or in the checkpoint itself. */
function isProvenByChecksum(claim: Claim, topic: TopicFacts): boolean {
  const { offset, size, sums, crc64, held } = claim;
  return crc64 !== null && sums.skipped === 0 && held.length === size - offset && gapsOf(claim, topic).length === 0;
}

/** CRC64NVME and length of EF BB BF, the only dropped bytes that are known. */
const BOM = { crc64: 0x7eb7ace4801b42een, length: 3 } as const;

function hasBom(claim: Claim, topic: TopicFacts): boolean {
  const head = headOf(claim, topic);
  return claim.sums.skipped === 0 && head.to - head.from === BOM.length;
}

/** The bytes dropped before the first line; empty while lines are missing there. */
function headOf(claim: Claim, topic: TopicFacts): Span {
  const from = claim.sums.skipped;
  return seenOf(claim, topic) === 'all' ? { from, to: topic.first ?? claim.offset } : { from, to: from };
}

/** Dropped bytes of unknown content. */
function gapsOf(claim: Claim, topic: TopicFacts): readonly Span[] {
  const head = headOf(claim, topic);
  return head.to === head.from || hasBom(claim, topic) ? topic.droppedRanges : [head, ...topic.droppedRanges];
}

/** The CRC64NVME of the topic's content, and of the BOM before it. */
function withBom(claim: Claim, topic: TopicFacts): bigint {
  const { crc64, length } = topic.content;
  return hasBom(claim, topic) ? combineCrc('CRC64NVME', BOM.crc64, crc64, length) : crc64;
}

function checkStore(claim: Claim, object: SourceObject | null): string | null {
  if (object === null || !claim.whole) return null;
  if (object.size !== claim.objectSize) {
    return `the object has ${object.size} bytes, ${claim.objectSize} by the checkpoint`;
  }
  if (claim.encoding !== 'plain') return null;
  if (claim.size !== claim.objectSize) return `the object has ${object.size} bytes, ${claim.size} were read`;
  const { checksum } = object;
  const expected =
    checksum?.algorithm === 'CRC64NVME'
      ? claim.crc64
      : checksum?.algorithm === claim.crc32?.algorithm
        ? (claim.crc32?.value ?? null)
        : null;
  if (checksum === undefined || expected === null || checksum.value === expected) return null;
  return `the object's checksum is ${checksum.value}, the checkpoint says ${expected}`;
}

function behindOf(claim: Claim, newest: SourceObject | null | undefined): number {
  if (newest === null || newest === undefined || newest.etag === claim.quarantine?.etag) return 0;
  if (newest.etag === claim.etag && claim.whole) return 0;
  const continues = claim.encoding === 'plain' && newest.size > claim.size;
  return continues ? newest.size - claim.size : newest.size;
}
