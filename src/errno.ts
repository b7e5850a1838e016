/**
 * The name of a system or SQLite error (`ENOENT`, `SQLITE_BUSY`), else its message. Checks the shape, not the class: an
 * error from another realm is not an instance of this realm's Error.
 */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'message' in error ? String(error.message) : 'unknown error';
}
