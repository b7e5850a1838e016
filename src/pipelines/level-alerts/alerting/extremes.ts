/** The least and greatest of any number of values: `Math.min(...values)` fails on very many. */

/** Infinity when there is no value. */
export function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

/** -Infinity when there is no value. */
export function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
