/** Reading JSON that others may have written. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object in these bytes, or null when they hold none. */
export function parseObject(bytes: Buffer): JsonObject | null {
  try {
    return objectOr(JSON.parse(bytes.toString('utf8')), null);
  } catch {
    return null;
  }
}

export function objectOr<T>(value: unknown, otherwise: T): JsonObject | T {
  return isObject(value) ? value : otherwise;
}

export function stringOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

/** A finite number. JSON has no other, but `1e999` reads as Infinity. */
export function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

/** A whole number of 0 or more. */
export function countOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}

export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
