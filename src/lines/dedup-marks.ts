import type { DedupMark } from './reading-state';

/** Marks of the newest timestamp, by which lines of a rewritten object are recognized as repeats (`repeated-lines`). */

const maxHashes = 1024;

/** 32-bit FNV-1a of a line. */
export function lineHash(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

/**
 * Tracks the newest timestamp and hashes of the first lines that bear it. Hashes late, because a newer timestamp makes
 * most of them obsolete.
 */
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

  /** Notes a line in bytes [start, end) of the buffer that the next {@link hashPending} receives. */
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

  /** Hashes the pending lines; `bytes` must hold all lines noted since the last call. */
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

/** The newer of two marks. For equal timestamps, it has the hashes of both. */
export function newerMark(a: DedupMark | null, b: DedupMark | null): DedupMark | null {
  if (a === null || b === null) return a ?? b;
  if (a.time !== b.time) return a.time > b.time ? a : b;
  return { time: a.time, hashes: [...new Set([...a.hashes, ...b.hashes])].slice(0, maxHashes) };
}

/** True when a line in bytes [start, end) with this timestamp was read before `mark` was made. */
export function isMarked(mark: DedupMark, time: number, bytes: Buffer, start: number, end: number): boolean {
  return time < mark.time || (time === mark.time && mark.hashes.includes(lineHash(bytes, start, end)));
}
