import { startsWith } from './formats/scan-text';
import { byteAt, isDigit, isLetter } from './timestamps';

/** Lines without indent that continue a record in stack traces, dumps and SQL. */

/** Beginnings of such lines. */
const beginnings: readonly string[] = [
  ...['at ', 'Caused by: ', 'Suppressed: ', '...', 'Traceback (most recent call last)', 'Stack trace:', '[stacktrace]'],
  ...['goroutine ', 'created by ', 'panic: ', 'fatal error: ', 'stack backtrace:', 'stack traceback:'],
  ...['SELECT ', 'FROM ', 'WHERE ', 'AND ', 'OR ', 'JOIN ', 'LEFT ', 'RIGHT ', 'INNER ', 'OUTER ', 'CROSS ', 'ON '],
  ...['GROUP BY ', 'ORDER BY ', 'HAVING ', 'LIMIT ', 'OFFSET ', 'UNION', 'VALUES', 'SET ', 'INSERT INTO ', 'WITH '],
  ...['UPDATE ', 'DELETE FROM ', 'RETURNING ', 'CASE ', 'WHEN ', 'ELSE ', 'END '],
  ...['select ', 'from ', 'where ', 'and ', 'or ', 'join ', 'left ', 'inner ', 'group by ', 'order by ', 'limit '],
  ...['}', ']', ')'],
];

const byFirstByte = Array.from({ length: 256 }, (_, byte) => {
  return beginnings.filter((text) => text.charCodeAt(0) === byte);
});

/** Bytes of a line that are searched. */
const maxSearched = 200;

/**
 * True when the line in bytes [start, end), which has no indent, is probably a part of a stack trace, a dump or an SQL
 * statement: by its beginning, the type of an exception, a place in a source file of Ruby, or an address in memory.
 */
export function isOfTrace(bytes: Buffer, start: number, end: number): boolean {
  const first = byteAt(bytes, start);
  for (const text of byFirstByte[first] ?? []) if (startsWith(bytes, start, end, text)) return true;
  // PHP, Dart, debuggers: `#0 /srv/app.php(7): f()`
  if (first === hash) return start + 1 < end && isDigit(byteAt(bytes, start + 1));
  const limit = Math.min(end, start + maxSearched);
  return namesException(bytes, start, limit) || holdsPlace(bytes, start, limit);
}

/** `java.io.IOException: broken pipe`, `ValueError`: a name that ends in `Exception` or `Error`, and is longer. */
function namesException(bytes: Buffer, start: number, end: number): boolean {
  let pos = start;
  while (pos < end && isOfName(byteAt(bytes, pos))) pos++;
  if (pos < end && bytes[pos] !== colon && bytes[pos] !== space) return false;
  return endsWith(bytes, start, pos, 'Exception') || endsWith(bytes, start, pos, 'Error');
}

function endsWith(bytes: Buffer, start: number, end: number, text: string): boolean {
  return end - start > text.length && startsWith(bytes, end - text.length, end, text);
}

function isOfName(byte: number): boolean {
  return (
    isLetter(byte) || isDigit(byte) || byte === dot || byte === dollar || byte === underscore || byte === backslash
  );
}

/** Ruby's `app/cart.rb:7:in 'add'`, and an address: `./shop(+0x11d) [0x55d0c0a1]`. */
function holdsPlace(bytes: Buffer, start: number, end: number): boolean {
  for (let pos = start + 1; pos + 1 < end; pos++) {
    const byte = bytes[pos];
    if (byte === colon && startsWith(bytes, pos, end, ':in ') && isDigit(byteAt(bytes, pos - 1))) return true;
    if (byte === smallX && bytes[pos - 1] === zero && isHexDigit(byteAt(bytes, pos + 1))) return true;
  }
  return false;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 97 && byte <= 102);
}

const [space, hash, dollar, dot, zero, colon] = [32, 35, 36, 46, 48, 58];
const [backslash, underscore, smallX] = [92, 95, 120];
