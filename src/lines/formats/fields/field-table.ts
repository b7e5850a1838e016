import { markNames, messageNames, nanosNames, statusNames, streamNames, timeNames, wrappedNames } from './field-names';
import { FieldRole } from './field-roles';
import { levelNames } from './level-names';

/**
 * Finds a field by the hash of its name, which a format computes while it scans: no string and no comparison per field.
 * 32 bits tell the names of loggers apart. A name made up to share a hash says a level or a time that its line could
 * have said anyway.
 */

export interface Field {
  readonly role: FieldRole;
  /** Lower ranks win among fields of a role. */
  readonly rank: number;
  /** The scale of a level, the bit of a mark or 0; 1 for a time that may be a level instead; else 0. */
  readonly detail: number;
}

/** The hash of an empty name. */
export const emptyHash = 0x811c9dc5 | 0;

/** Adds a byte to a hash, without regard to case (FNV-1a). */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ (byte | 32), 0x01000193);
}

/** The hash that the names of a nested object's fields begin with. */
export function hashDot(hash: number): number {
  return hashByte(hash, 46);
}

function hashName(name: string): number {
  return [...Buffer.from(name)].reduce(hashByte, emptyHash);
}

const fields: readonly (readonly [name: string, field: Field])[] = [
  ...timeNames.map((name, rank) => [name, { role: FieldRole.TIME, rank, detail: name === 'at' ? 1 : 0 }] as const),
  ...ranked(nanosNames, FieldRole.NANOS),
  ...levelNames.map(([name, detail], rank) => [name, { role: FieldRole.LEVEL, rank, detail }] as const),
  ...ranked(statusNames, FieldRole.STATUS),
  ...messageNames.map(([name, detail], rank) => [name, { role: FieldRole.MESSAGE, rank, detail }] as const),
  ...ranked(wrappedNames, FieldRole.WRAPPED),
  ...ranked(streamNames, FieldRole.STREAM),
  ...markNames.map(([name, detail]) => [name, { role: FieldRole.MARK, rank: 0, detail }] as const),
];

function ranked(names: readonly string[], role: FieldRole): [string, Field][] {
  return names.map((name, rank) => [name, { role, rank, detail: 0 }]);
}

/** A table with open addressing: a slot of `keys` holds a hash, or 0. */
class HashTable<T> {
  private readonly keys = new Int32Array(slots);
  private readonly values: (T | undefined)[] = new Array<T | undefined>(slots).fill(undefined);

  constructor(entries: readonly (readonly [name: string, value: T])[]) {
    for (const [name, value] of entries) {
      const hash = hashName(name);
      let slot = hash & (slots - 1);
      while (this.keys[slot] !== 0) slot = (slot + 1) & (slots - 1);
      this.keys[slot] = hash;
      this.values[slot] = value;
    }
  }

  get(hash: number): T | undefined {
    for (let slot = hash & (slots - 1); this.keys[slot] !== 0; slot = (slot + 1) & (slots - 1)) {
      if (this.keys[slot] === hash) return this.values[slot];
    }
    return undefined;
  }
}

/** A power of two, several times the number of names. */
const slots = 2048;

const byHash = new HashTable(fields);

/** The field whose name has this hash; undefined for any other name. */
export function fieldOf(hash: number): Field | undefined {
  return byHash.get(hash);
}

const parents = new HashTable(
  [...new Set(fields.flatMap(([name]) => parentsOf(name)))].map((name) => [name, true] as const),
);

function parentsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
}

/** True when the table names fields of the object with this name. */
export function hasFields(hash: number): boolean {
  return parents.get(hash) !== undefined;
}
