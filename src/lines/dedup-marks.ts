import type { DedupMark } from './reading-state';

/**
 * Marks of the newest stamp: by them the lines of a rewritten object are recognised as read before (rule 7).
 */

const maxHashes = 1024;

/** 32-bit FNV-1a of a line. */
export function lineHash(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

/** The newest stamp seen, with hashes of the first lines that bear it. Lines are hashed late: few turn out to count. */
export class DedupTracker {
  private time: number;
  private hashes: readonly number[];
  private pending = 0;
  private readonly starts = new Uint32Array(maxHashes);
  private readonly ends = new Uint32Array(maxHashes);

  constructor(mark: DedupMark | null) {
    this.time = mark?.time ?? Number.NEGATIVE_INFINITY;
    this.hashes = mark?.hashes ?? [];
  }

  /** A line in bytes [start, end) of what the next {@link hashPending} is given. */
  note(time: number, start: number, end: number): void {
    if (time < this.time) return;
    if (time > this.time) {
      this.time = time;
      this.hashes = [];
      this.pending = 0;
    }
    if (this.hashes.length + this.pending >= maxHashes) return;
    this.starts[this.pending] = start;
    this.ends[this.pending] = end;
    this.pending++;
  }

  /** Hashes what is pending; `bytes` hold the lines noted since the last call. */
  hashPending(bytes: Buffer): DedupMark | null {
    if (this.pending > 0) {
      const hashes = [...this.hashes];
      for (let i = 0; i < this.pending; i++) hashes.push(lineHash(bytes, this.starts[i] ?? 0, this.ends[i] ?? 0));
      this.hashes = hashes;
      this.pending = 0;
    }
    return this.time === Number.NEGATIVE_INFINITY ? null : { time: this.time, hashes: this.hashes };
  }
}

/** The newer of two marks; of one stamp the hashes of both. */
export function newerMark(a: DedupMark | null, b: DedupMark | null): DedupMark | null {
  if (a === null || b === null) return a ?? b;
  if (a.time !== b.time) return a.time > b.time ? a : b;
  return { time: a.time, hashes: [...new Set([...a.hashes, ...b.hashes])].slice(0, maxHashes) };
}

/** Was a line in bytes [start, end) with this stamp read before `mark` was made? */
export function isMarked(mark: DedupMark, time: number, bytes: Buffer, start: number, end: number): boolean {
  return time < mark.time || (time === mark.time && mark.hashes.includes(lineHash(bytes, start, end)));
}
