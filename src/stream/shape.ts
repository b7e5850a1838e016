/** Guards for JSON that this program wrote earlier: heads and outbox records. Unknown fields are allowed. */
export type Guard<T> = (value: unknown) => value is T;

export const isString: Guard<string> = (value) => typeof value === 'string';
export const isNumber: Guard<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);
export const isBoolean: Guard<boolean> = (value) => typeof value === 'boolean';

export function isOneOf<const T extends string | number>(...allowed: readonly T[]): Guard<T> {
  return (value): value is T => allowed.some((one) => one === value);
}

export function isNullOr<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

export function isListOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(guard);
}

export function isPairOf<T>(guard: Guard<T>): Guard<readonly [T, T]> {
  return (value): value is readonly [T, T] => Array.isArray(value) && value.length === 2 && value.every(guard);
}

/** An object with these fields, each as its guard says. */
export function isObjectOf<T>(fields: { readonly [K in keyof T]-?: Guard<T[K]> }): Guard<T> {
  const guards: readonly (readonly [string, Guard<unknown>])[] = Object.entries(fields);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    guards.every(([name, guard]) => guard(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined));
}

/** An object with values of one type under any names. */
export function isRecordOf<T>(guard: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(guard);
}

/** A field that may be missing. */
export function isMissingOr<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

/** The value of a JSON text that passes the guard, else null. */
export function parseJson<T>(text: Buffer, guard: Guard<T>): T | null {
  try {
    const value: unknown = JSON.parse(text.toString('utf8'));
    return guard(value) ? value : null;
  } catch {
    return null;
  }
}
