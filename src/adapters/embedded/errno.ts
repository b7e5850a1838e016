/**
 * The name of a system or SQLite error (`ENOENT`, `SQLITE_BUSY`), else its message. Asks for the shape, not for the class:
 * an error that comes from another realm is no instance of this realm's Error.
 */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'message' in error ? String(error.message) : 'unknown error';
}
