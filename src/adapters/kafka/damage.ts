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
  let next: number | null = null;
  for (let step = 1; next === null && at + step < end; step *= 2) {
    next = await readableAfter(at, at + step, baseOf);
    if (next === null) damaged = at + step;
  }
  // Few offsets may be left after the last step.
  if (next === null && end - 1 > damaged) next = await readableAfter(at, end - 1, baseOf);
  let found = next ?? end;
  while (damaged + 1 < found && next !== null) {
    const middle = Math.floor((damaged + found) / 2);
    const base = await readableAfter(at, middle, baseOf);
    if (base === null) damaged = middle;
    else found = base;
  }
  return found;
}

async function readableAfter(
  at: number,
  offset: number,
  baseOf: (offset: number) => Promise<number | null>,
): Promise<number | null> {
  const base = await baseOf(offset);
  return base !== null && base > at ? base : null;
}
