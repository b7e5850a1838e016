/** Levenshtein distance: number of inserted, deleted or replaced characters between `a` and `b`. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const exchange = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const leaveOut = (previous[column] ?? 0) + 1;
      const putIn = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(exchange, leaveOut, putIn));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Longer names are truncated, because the time grows with both lengths. */
const longestName = 100;

/**
 * Finds the name that was probably meant. The last part of a dotted name may be in the wrong section: `port` finds
 * `web.port`. Case hardly matters.
 * @param valid at least one name; among equally near ones the first wins
 */
export function nearest(name: string, valid: readonly string[]): string {
  const written = name.slice(0, longestName);
  return cheapest(valid, (candidate) => {
    const whole = distance(written.toLowerCase(), candidate.toLowerCase());
    const lastPart = distance(last(written).toLowerCase(), last(candidate).toLowerCase());
    return Math.min(whole, lastPart + 1);
  });
}

/** Like {@link nearest}, for names whose dots have no meaning, such as file names. */
export function nearestFile(name: string, valid: readonly string[]): string {
  const written = name.slice(-longestName).toLowerCase();
  return cheapest(valid, (candidate) => distance(written, candidate.slice(-longestName).toLowerCase()));
}

function cheapest(candidates: readonly string[], cost: (candidate: string) => number): string {
  const costs = candidates.map(cost);
  return candidates[costs.indexOf(costs.reduce((least, other) => Math.min(least, other), Infinity))] ?? '';
}

function last(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
