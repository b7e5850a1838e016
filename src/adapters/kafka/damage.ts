/**
 * Finds where a partition continues after a batch that cannot be read. Its own length cannot be trusted, and bytes that look
 * like a batch may be the text of a line. The offsets that the broker answers to are certain.
 * @param at the first offset that the damaged batch holds
 * @param end the partition's
 * @param baseOf the base offset of the readable batch that holds an offset; null when that batch cannot be read
 * @returns the base offset of the first readable batch after it, or `end`
 */
export async function offsetAfterDamage(
  at: number,
  end: number,
  baseOf: (offset: number) => Promise<number | null>,
): Promise<number> {
  let damaged = at;
  let probe = at;
  let next: number | null = null;
  for (let step = 1; next === null && probe < end - 1; step *= 2) {
    damaged = probe;
    probe = Math.min(at + step, end - 1);
    next = await readableAfter(at, probe, baseOf);
  }
  if (next === null) return end;
  // A batch begins after the offset that was asked for where offsets are missing before it.
  for (let readable = Math.min(probe, next); damaged + 1 < readable;) {
    const middle = Math.floor((damaged + readable) / 2);
    const base = await readableAfter(at, middle, baseOf);
    if (base === null) {
      damaged = middle;
    } else {
      readable = Math.min(middle, base);
      next = base;
    }
  }
  return next;
}

async function readableAfter(
  at: number,
  offset: number,
  baseOf: (offset: number) => Promise<number | null>,
): Promise<number | null> {
  const base = await baseOf(offset);
  return base !== null && base > at ? base : null;
}
