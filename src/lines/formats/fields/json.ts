import { byteAt } from '../../timestamps';
import type { LineFormat, ParsedLine } from '../format';
import { FieldRole } from './field-roles';
import { emptyHash, fieldOf, hashByte, hashDot, hasFields, type Field } from './field-table';
import { FoundFields } from './found-fields';
import { unescapeJson } from './json-text';

/** The fields of the line that {@link jsonLines} matched last. */
export const jsonFields = new FoundFields();

/**
 * `{"level":"error","time":"2021-10-07T22:43:13.379Z","msg":"…"}`: any complete object. If the line is cut, or broken by
 * a quote without its escape, the part before counts; it must have a level or a time to match. Of two objects the most
 * severe level counts: a line feed between them was lost. Three or more are a file without line feeds, as Amazon Data
 * Firehose writes, which is not understood: one record cannot stand for all.
 */
export const jsonLines: LineFormat = {
  name: 'json',
  mayBeginWith: (byte) => byte === 123,
  parse(bytes, start, end, out) {
    if (!readFields(bytes, start, end) || isWrapper()) return false;
    jsonFields.finish(out);
    return true;
  },
};

/**
 * Matches an object whose field `log` is another program's line, as container runtimes and shippers write it:
 * `{"log":"…\\n","stream":"stdout","time":"…"}`. {@link jsonFields} then has that line as its message.
 * @param out its time; kind NONE without one
 */
export function readWrapper(bytes: Buffer, start: number, end: number, out: ParsedLine): boolean {
  if (!readFields(bytes, start, end) || !isWrapper()) return false;
  jsonFields.finish(out);
  return true;
}

/**
 * Copies the message of the last line to `jsonText` without escapes.
 * @returns the copy's length
 */
export function unescapeMessage(): number {
  return unescapeJson(jsonFields.bytes, jsonFields.messageStart, jsonFields.messageEnd);
}

/** An object with a level of its own has read the line that it wraps. */
function isWrapper(): boolean {
  return jsonFields.isWrapped && !jsonFields.hasLevel;
}

function readFields(bytes: Buffer, start: number, end: number): boolean {
  if (start >= end || bytes[start] !== 123) return false;
  jsonFields.reset(bytes);
  let behind = readObject(bytes, start, end, emptyHash);
  const second = nextObject(bytes, behind, end);
  if (second !== -1) {
    behind = readObject(bytes, second, end, emptyHash);
    if (nextObject(bytes, behind, end) !== -1) return false;
  }
  const isComplete = behind !== -1 && skipBlanks(bytes, behind, end) === end;
  return isComplete || jsonFields.hasTime || jsonFields.hasLevel || jsonFields.isWrapped;
}

/** Where another object begins after the one that ends at `behind`, perhaps with a comma between them; -1 without one. */
function nextObject(bytes: Buffer, behind: number, end: number): number {
  if (behind === -1) return -1;
  let pos = skipBlanks(bytes, behind, end);
  if (pos < end && bytes[pos] === 44) pos = skipBlanks(bytes, pos + 1, end);
  return pos + 1 < end && bytes[pos] === 123 && bytes[pos + 1] === 34 ? pos : -1;
}

/**
 * Takes the fields of the object at `pos`. Returns the position after it, or -1 when it is cut or no JSON. The depth is
 * bounded, as it enters only objects whose fields the table names.
 * @param parent hash of the names that lead to the object
 */
function readObject(bytes: Buffer, pos: number, end: number, parent: number): number {
  pos = skipBlanks(bytes, pos + 1, end);
  if (bytes[pos] === 125 && pos < end) return pos + 1;
  for (;;) {
    if (pos >= end || bytes[pos] !== 34) return -1;
    let hash = parent;
    for (pos++; pos < end; pos++) {
      const byte = byteAt(bytes, pos);
      if (byte === 34) break;
      if (byte === 92) pos++;
      hash = hashByte(hash, byte);
    }
    pos = skipBlanks(bytes, pos + 1, end);
    if (pos >= end || bytes[pos] !== 58) return -1;
    pos = readValue(bytes, skipBlanks(bytes, pos + 1, end), end, hash);
    if (pos === -1) return -1;
    pos = skipBlanks(bytes, pos, end);
    if (pos >= end) return -1;
    if (bytes[pos] === 125) return pos + 1;
    if (bytes[pos] !== 44) return -1;
    pos = skipBlanks(bytes, pos + 1, end);
  }
}

/** Takes the value at `pos` of the field with this hash. Returns the position after it, or -1 when it is cut. */
function readValue(bytes: Buffer, pos: number, end: number, hash: number): number {
  const first = byteAt(bytes, pos);
  if (first === 123 && hasFields(hash)) return readObject(bytes, pos, end, hashDot(hash));
  if (first === 91 && (hasFields(hash) || fieldOf(hash) !== undefined)) return readArray(bytes, pos, end, hash);
  if (first === 123 || first === 91) return skipNested(bytes, pos, end);
  const field = fieldOf(hash);
  if (first === 34) {
    const behind = skipString(bytes, pos, end);
    if (field !== undefined) {
      if (behind !== -1) jsonFields.take(field, bytes, pos + 1, behind - 1, true);
      // The head of a message that is cut is there.
      else if (isMessage(field)) jsonFields.take(field, bytes, pos + 1, end, true);
    }
    return behind;
  }
  const behind = skipBare(bytes, pos, end);
  // The digits of a number that is cut are another number.
  if (behind >= end) return -1;
  if (field !== undefined) jsonFields.take(field, bytes, pos, behind, false);
  return behind;
}

/** Takes the elements of an array as if each were the field's value. */
function readArray(bytes: Buffer, pos: number, end: number, hash: number): number {
  pos = skipBlanks(bytes, pos + 1, end);
  if (pos < end && bytes[pos] === 93) return pos + 1;
  for (;;) {
    if (bytes[pos] === 91) pos = skipNested(bytes, pos, end);
    else pos = readValue(bytes, pos, end, hash);
    if (pos === -1) return -1;
    pos = skipBlanks(bytes, pos, end);
    if (pos >= end) return -1;
    if (bytes[pos] === 93) return pos + 1;
    if (bytes[pos] !== 44) return -1;
    pos = skipBlanks(bytes, pos + 1, end);
  }
}

function isMessage({ role }: Field): boolean {
  return role === FieldRole.MESSAGE || role === FieldRole.WRAPPED;
}

function skipBlanks(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && (bytes[pos] === 32 || bytes[pos] === 9)) pos++;
  return pos;
}

/** Returns the position after the closing quote, given that of the opening one; -1 without one. */
function skipString(bytes: Buffer, pos: number, end: number): number {
  for (pos++; pos < end; pos++) {
    const byte = bytes[pos];
    if (byte === 34) return pos + 1;
    if (byte === 92) pos++;
  }
  return -1;
}

/** Returns the position after a number or a word. */
function skipBare(bytes: Buffer, pos: number, end: number): number {
  for (; pos < end; pos++) {
    const byte = bytes[pos];
    if (byte === 44 || byte === 125 || byte === 93 || byte === 32 || byte === 9) return pos;
  }
  return pos;
}

/** Returns the position after a nested object or array, found by counting brackets; -1 when it is cut. */
function skipNested(bytes: Buffer, pos: number, end: number): number {
  let depth = 0;
  while (pos < end) {
    const byte = bytes[pos];
    if (byte === 34) {
      pos = skipString(bytes, pos, end);
      if (pos === -1) return -1;
      continue;
    }
    pos++;
    if (byte === 123 || byte === 91) depth++;
    else if ((byte === 125 || byte === 93) && --depth === 0) return pos;
  }
  return -1;
}
