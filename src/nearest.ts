/** Levenshtein distance: how many characters must be put in, left out or exchanged to make `b` of `a`. */
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

/** Longer names are cut: the distance takes time in proportion to both lengths. */
const longestName = 100;

/**
 * The name that was probably meant. Of dotted names the last part may stand in the wrong section, so that `port` finds
 * `web.port`. Upper and lower case hardly count.
 * @param valid at least one name; of equally near ones the first
 */
export function nearest(name: string, valid: readonly string[]): string {
  const written = name.slice(0, longestName);
  return cheapest(valid, (candidate) => {
    const whole = distance(written.toLowerCase(), candidate.toLowerCase());
    const lastPart = distance(last(written).toLowerCase(), last(candidate).toLowerCase());
    return Math.min(whole, lastPart + 1);
  });
}

/** The same for names whose dots mean nothing, such as those of files. */
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
