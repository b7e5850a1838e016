/** Fields of parsed JSON, each read as the type it must have. Errors name the field and its fault. */
export type JsonFields = Readonly<Record<string | number, unknown>>;

export function objectAt(json: unknown, name: string): JsonFields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`${name} is not an object`);
  return { ...json };
}

export function listAt(parent: JsonFields, name: string): JsonFields {
  const value = parent[name];
  if (!Array.isArray(value)) throw new Error(`${name} is not a list`);
  return Object.fromEntries(value.entries());
}

export function orNull<T>(at: JsonFields, name: string, read: (at: JsonFields, name: string) => T): T | null {
  return at[name] === null || at[name] === undefined ? null : read(at, name);
}

export function orElse<T, N extends string | number>(
  at: JsonFields,
  name: N,
  usual: T,
  read: (at: JsonFields, name: N) => T,
): T {
  return at[name] === undefined ? usual : read(at, name);
}

export function text(at: JsonFields, name: string | number): string {
  const value = at[name];
  if (typeof value !== 'string') throw new Error(`${name} is not text`);
  return value;
}

export function matching(at: JsonFields, name: string, shape: RegExp): string {
  const value = text(at, name);
  if (!shape.test(value)) throw new Error(`${name} does not match ${shape.source}`);
  return value;
}

export function oneOf<const T extends string>(at: JsonFields, name: string | number, values: readonly T[]): T {
  const value = values.find((known) => known === at[name]);
  if (value === undefined) throw new Error(`${name} must be one of ${values.join(', ')}`);
  return value;
}

export function finite(at: JsonFields, name: string | number): number {
  const value = at[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} is not a number`);
  return value;
}

export function count(at: JsonFields, name: string | number): number {
  const value = finite(at, name);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is not a count`);
  return value;
}

/** JSON leaves out `undefined`: a field that has its usual value takes no bytes. */
export function orLeftOut<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value;
}
