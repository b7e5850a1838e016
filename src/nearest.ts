/** Number of inserted, deleted, replaced or swapped neighboring characters between `a` and `b`. */
function distance(a: string, b: string): number {
  let beforePrevious: readonly number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const exchange = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const leaveOut = (previous[column] ?? 0) + 1;
      const putIn = (current[column - 1] ?? 0) + 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? (beforePrevious[column - 2] ?? 0) + 1 : Infinity;
      current.push(Math.min(exchange, leaveOut, putIn, swap));
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[b.length] ?? 0;
}

/** Longer names are truncated, because the time grows with both lengths. */
const longestName = 100;

/** Such a name is an attack on the program's objects, not a misspelling of another name. */
const ofEveryObject = /(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)/;

/** More names than these are too many for one line. */
const fewNames = 16;

/**
 * Advice about a name that does not exist: the name that was probably meant, or all names where they are few.
 * @param valid the names that exist; among equally near ones the first wins
 * @param many what to say when no name is near and there are many
 */
export function advise(name: string, valid: readonly string[], many: string): string {
  const meant = ofEveryObject.test(name) ? null : nearest(name, valid);
  if (meant !== null) return `did you mean ${meant}?`;
  if (valid.length === 0 || valid.length > fewNames) return many;
  return valid.length === 1 ? `expected ${valid.join()}` : `expected one of ${valid.join(', ')}`;
}

/**
 * Finds the name that was probably meant: at most half of its characters may differ. The last part of a dotted name may be
 * in the wrong section: `port` finds `web.port`. Case hardly matters.
 * @returns null when no name is near
 */
export function nearest(name: string, valid: readonly string[]): string | null {
  const written = name.slice(0, longestName).toLowerCase();
  return cheapest(valid, (candidate) => {
    const known = candidate.toLowerCase();
    const lastPart = costWithin(last(written), last(known));
    // In the same section, only the last part can be wrong.
    return sectionOf(written) === sectionOf(known) ? lastPart : Math.min(costWithin(written, known), lastPart + 1);
  });
}

/** Like {@link nearest}, for names whose dots have no meaning, such as file names. */
export function nearestFile(name: string, valid: readonly string[]): string | null {
  const written = name.slice(-longestName).toLowerCase();
  return cheapest(valid, (candidate) => costWithin(written, candidate.slice(-longestName).toLowerCase()));
}

/** The distance, or Infinity when it is more than half of `written`. The dashes of an option do not count. */
function costWithin(written: string, known: string): number {
  const cost = distance(written, known);
  return cost <= written.replace(/^-+/, '').length / 2 ? cost : Infinity;
}

function cheapest(candidates: readonly string[], cost: (candidate: string) => number): string | null {
  let least = Infinity;
  let found: string | null = null;
  for (const candidate of candidates) {
    const own = cost(candidate);
    if (own < least) [least, found] = [own, candidate];
  }
  return found;
}

function sectionOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

function last(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
