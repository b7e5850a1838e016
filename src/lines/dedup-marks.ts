import type { DedupMark } from './reading-state';

/**
 * Marks of the newest timestamp. Versions before the sketch recognized repeats by them: they stand for the lines that such a
 * version has read (`repeated-lines`).
 */

const maxHashes = 1024;

/** 32-bit FNV-1a of a line. */
function lineHash(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
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
