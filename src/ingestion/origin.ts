import { compileGlob } from '../glob';
import { murmur2 } from '../records/murmur2';

/** How to find the origin in a key. */
export interface OriginRule {
  /** Folder in the bucket under which every host has its own; empty for the bucket itself. */
  readonly prefix: string;
  /** The group of the user's expression, null where a key has no match. Without one: `<prefix>/<host>/…/<file>`. */
  readonly named: ((key: string) => string | null) | null;
}

/** The origin of a key that names no folder at all. */
const NO_ORIGIN = '-';

/**
 * The host that wrote a key: by the user's expression if it matches, else the host in `<prefix>/<host>/…/<file>`, else the
 * folder of the file, else `-`. Never empty.
 *
 * Used only when a source is first seen: its checkpoint keeps the origin (`stable-partition`).
 */
export function originOf(key: string, rule: OriginRule): string {
  const folders = key.split('/').slice(0, -1);
  return (
    nonEmpty(rule.named?.(key)) ?? nonEmpty(hostUnder(rule.prefix, folders)) ?? nonEmpty(folders.at(-1)) ?? NO_ORIGIN
  );
}

/** The partition of an origin, as Kafka's DefaultPartitioner chooses it: toPositive(murmur2(UTF-8)) mod n. */
export function partitionOf(origin: string, partitions: number): number {
  return (murmur2(Buffer.from(origin, 'utf8')) & 0x7fffffff) % partitions;
}

/**
 * Makes the test of which keys are read: at least one of `include` matches, none of `exclude`.
 * Globs as in {@link compileGlob}, over the whole key.
 */
export function createKeyFilter(filter: {
  include: readonly string[];
  exclude: readonly string[];
}): (key: string) => boolean {
  const include = filter.include.map(compileGlob);
  const exclude = filter.exclude.map(compileGlob);
  return (key) => include.some((fits) => fits(key)) && !exclude.some((fits) => fits(key));
}

/** The folder right under the prefix, where the key lies under the prefix. */
function hostUnder(prefix: string, folders: readonly string[]): string | undefined {
  const above = prefix.split('/').filter((folder) => folder !== '');
  return above.every((folder, i) => folders[i] === folder) ? folders[above.length] : undefined;
}

/** Treats an empty name like a missing one. */
function nonEmpty(name: string | null | undefined): string | null {
  return name === undefined || name === '' ? null : name;
}
