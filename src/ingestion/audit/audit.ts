import { ByteSum, type Crc64 } from '../byte-sum';
import type { QuarantineReason } from '../checkpoint';
import type { Claim } from './claim';
import { combineCrc, formatCrc, parseCrc } from '../crc-combine';
import type { SourceObject } from '../plan';
import type { Span, TopicFacts } from './topic-ledger';

/**
 * Does the ledger of a source hold? A checkpoint claims what became of each byte of a generation; the topic holds the
 * published ones, the store the object. What they say of the same bytes has to agree.
 */

/** What the store says of a source. */
export interface StoreFacts {
  /** The newest object; null when there is none, undefined when nobody has looked. */
  readonly newest: SourceObject | null | undefined;
  /** The object that the checkpoint speaks of; null when it is not there any more. */
  readonly read: SourceObject | null;
  /** What `bytesToRead` asked for; null when it was not read. */
  readonly bytes: BytesRead | null;
}

/** CRC64NVMEs of bytes of an object. */
export interface BytesRead {
  /** What was published, by the checkpoint. */
  readonly published: bigint;
  /** Everything, to the checkpoint's `size`. */
  readonly all: bigint;
}

/** Bytes of the object to read, so that they can be compared with the topic's. */
export interface BytesToRead {
  readonly from: number;
  readonly to: number;
  /** First byte that was not published. */
  readonly offset: number;
  /** Dropped bytes before that. */
  readonly gaps: readonly Span[];
}

/**
 * How far a source is proven.
 * - `content`: every line in the topic holds, byte for byte, what was read.
 * - `positions`: there is one line for every published byte; nobody knows any more what the bytes were.
 * - `ledger`: retention has taken all lines; the checkpoint's own sums, and the store's checksum, agree.
 */
export type AuditProof = 'content' | 'positions' | 'ledger';

/** What `telltale audit` says of a source. Sizes are bytes of content, but for those of quarantined objects. */
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
  /** Bytes of the newest object that were not read yet: of one that does not go on from what was read, all. */
  readonly behind?: number;
  readonly quarantine?: QuarantineReason;
  /** The object was deleted, as the checkpoint knows. */
  readonly ended?: true;
  /** The object is not there, which the checkpoint does not know yet. */
  readonly deleted?: true;
  /** Why `ok` is false. */
  readonly problem?: string;
}

/**
 * What of the object has to be read to prove the content: null where the topic's bytes and the checkpoint's checksum are
 * enough, or where the object's bytes are of no use (compressed).
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

/** Sums the bytes that {@link bytesToRead} asks for, from `from` on, in pieces as they come. */
export function createByteReader(range: BytesToRead, crc64: Crc64): { push(piece: Buffer): void; finish(): BytesRead } {
  const published = ByteSum.ofMany(crc64);
  const all = ByteSum.ofMany(crc64);
  // What is published lies between the gaps; what is held, behind the last.
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

/**
 * @param retained has retention taken nothing of the partition?
 */
export function verdictOf(claim: Claim, topic: TopicFacts, store: StoreFacts, retained: boolean): Audited {
  const { proof, problem } = judgeTopic(claim, topic, store.bytes, retained);
  const problems = [judgeSums(claim), problem, judgeStore(claim, store.read)].filter((found) => found !== null);
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
    ...(claim.ended === null ? {} : { ended: true }),
    ...(claim.ended === null && store.newest === null ? { deleted: true } : {}),
    ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
  };
}

/** A source that has no checkpoint, or none that can be read. */
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

function judgeSums({ offset, size, sums }: Claim): string | null {
  const { published, dropped, skipped } = sums;
  const sum = published + dropped + skipped;
  if (sum === offset && offset <= size) return null;
  return `${published} bytes published, ${dropped} dropped and ${skipped} skipped make ${sum}, the checkpoint stands at ${offset} of ${size}`;
}

/**
 * How much of what was published is in the topic? `unsure`: all of it, but nobody knows which one or two bytes behind a
 * cut line were published and which dropped.
 */
function seenOf(claim: Claim, topic: TopicFacts): 'all' | 'some' | 'unsure' | 'wrong' {
  const { published, dropped } = claim.sums;
  const seen = topic.content.length;
  if (seen === published) return 'all';
  if (seen > published) return seen - topic.unsure <= published ? 'unsure' : 'wrong';
  if (lengthOf(topic.gaps) > dropped) return 'wrong';
  return topic.unsure > 0 ? 'unsure' : 'some';
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

function judgeTopic(
  claim: Claim,
  topic: TopicFacts,
  bytes: BytesRead | null,
  retained: boolean,
): { proof: AuditProof; problem: string | null } {
  const { published, dropped } = claim.sums;
  const { first, gaps, content, problem } = topic;
  const seen = seenOf(claim, topic);
  const none = first === null && published > 0;
  const proof = none ? 'ledger' : 'positions';
  if (problem !== null) return { proof, problem };
  if (content.length < published && (retained || topic.earlier)) {
    return { proof, problem: `${published - content.length} of ${published} published bytes are in no line` };
  }
  if (seen === 'wrong') {
    const lines = `the topic's lines cover ${content.length} bytes and leave out ${lengthOf(gaps)}`;
    return { proof, problem: `${lines}; ${published} were published and ${dropped} dropped` };
  }
  if (seen === 'unsure' || none) return { proof, problem: null };
  if (seen === 'all' && isProvenByChecksum(claim, topic)) return judgeContent(claim, topic);
  if (bytes === null) return { proof, problem: null };
  const inTopic = withBom(claim, topic);
  if (bytes.published !== inTopic) return { proof, problem: 'the lines in the topic are not those of the object' };
  const isWhole = seen === 'all' && claim.sums.skipped === 0;
  if (isWhole && claim.crc64 !== null && bytes.all !== parseCrc(claim.crc64)) {
    return { proof, problem: "the object's bytes are not those that the checkpoint speaks of" };
  }
  return { proof: 'content', problem: null };
}

/** Do the topic's lines and the held tail make up what the checkpoint's checksum covers? */
function judgeContent(claim: Claim, topic: TopicFacts): { proof: AuditProof; problem: string | null } {
  const { crc64, length } = claim.held;
  const found = combineCrc('CRC64NVME', withBom(claim, topic), crc64, length);
  if (formatCrc('CRC64NVME', found) === claim.crc64) return { proof: 'content', problem: null };
  return {
    proof: 'positions',
    problem: `the lines in the topic are not what was read: their checksum is ${formatCrc('CRC64NVME', found)}, the checkpoint says ${claim.crc64 ?? 'none'}`,
  };
}

/** Are all bytes that the checkpoint's checksum covers in the topic, or in the checkpoint itself? */
function isProvenByChecksum(claim: Claim, topic: TopicFacts): boolean {
  const { offset, size, sums, crc64, held } = claim;
  return crc64 !== null && sums.skipped === 0 && held.length === size - offset && gapsOf(claim, topic).length === 0;
}

/** CRC64NVME and length of EF BB BF, the one thing dropped whose bytes are known. */
const BOM = { crc64: 0x7eb7ace4801b42een, length: 3 } as const;

function hasBom(claim: Claim, topic: TopicFacts): boolean {
  const head = headOf(claim, topic);
  return claim.sums.skipped === 0 && head.to - head.from === BOM.length;
}

/** What was dropped before the first line: nothing while lines are missing there. */
function headOf(claim: Claim, topic: TopicFacts): Span {
  const from = claim.sums.skipped;
  return seenOf(claim, topic) === 'all' ? { from, to: topic.first ?? claim.offset } : { from, to: from };
}

/** Dropped bytes that nobody knows. */
function gapsOf(claim: Claim, topic: TopicFacts): readonly Span[] {
  const head = headOf(claim, topic);
  return head.to === head.from || hasBom(claim, topic) ? topic.gaps : [head, ...topic.gaps];
}

/** The CRC64NVME of the topic's content, and of the BOM before it. */
function withBom(claim: Claim, topic: TopicFacts): bigint {
  const { crc64, length } = topic.content;
  return hasBom(claim, topic) ? combineCrc('CRC64NVME', BOM.crc64, crc64, length) : crc64;
}

function judgeStore(claim: Claim, object: SourceObject | null): string | null {
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
  const goesOn = claim.encoding === 'plain' && newest.size > claim.size;
  return goesOn ? newest.size - claim.size : newest.size;
}
