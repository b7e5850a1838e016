import { count, finite, matching, objectAt } from '../../json-fields';
import { ByteCursor, writeVarint } from '../../records/varints';
import {
  emptySketch,
  isEmptySketch,
  LEVELS,
  noRun,
  SLOTS,
  type SketchBlock,
  type SketchLevel,
  type SketchState,
} from './sketch';

/**
 * The sketch as text in a checkpoint, and a block as a record of topic `sketches`.
 *
 * The text is base64 of: lastRecord (4 bytes); for each level up to the last used one: end, blocks, length of the open run
 * (varints), if that is not 0 its low (4 bytes) and high (2 bytes), number of recent entries (varint), the entries; then, if this
 * is not the first generation, a 255 and the earlierEnds of all levels (varints). All numbers are big-endian. An entry takes
 * 4 bytes in level 0, 6 in the others.
 *
 * A block has the key `<level>.<slot>/<source>` and the value {"v":1,"n":number,"s":from,"h":"entries, base64"}.
 */

/** Stands where the end of a level would. The first byte of a count as a zigzag varint is even. */
const EARLIER_ENDS = 255;

/** The most that an entry takes. */
const ENTRY_BYTES = 6;
/** The most that all but the entries takes: a varint has at most 8 bytes. */
const MAX_FIXED_BYTES = 5 + LEVELS * (5 * 8 + 6);

/** Undefined for the sketch of nothing. */
export function encodeSketch(sketch: SketchState): string | undefined {
  if (isEmptySketch(sketch)) return undefined;
  const used = sketch.levels.findLastIndex(({ end, open }) => end > 0 || open.length > 0) + 1;
  const entries = sketch.levels.reduce((sum, { recent }) => sum + recent.length, 0);
  const out = Buffer.allocUnsafe(ENTRY_BYTES * entries + MAX_FIXED_BYTES);
  let at = out.writeUInt32BE(sketch.lastRecord, 0);
  for (const [index, { end, blocks, recent, open }] of sketch.levels.slice(0, used).entries()) {
    for (const value of [end, blocks, open.length]) at = writeVarint(out, at, value);
    if (open.length > 0) at = out.writeUInt16BE(open.high, out.writeUInt32BE(open.low, at));
    at = writeEntries(out, writeVarint(out, at, recent.length), index, recent);
  }
  if (sketch.earlierEnds.some((end) => end > 0)) {
    at = out.writeUInt8(EARLIER_ENDS, at);
    for (const end of sketch.earlierEnds) at = writeVarint(out, at, end);
  }
  return out.toString('base64', 0, at);
}

/** @throws Error when the text is not a sketch */
export function decodeSketch(text: string): SketchState {
  const bytes = Buffer.from(text, 'base64');
  const cursor = new ByteCursor(bytes, 0, bytes.length);
  const lastRecord = takeUint(cursor, 4);
  const levels: SketchLevel[] = [];
  while (cursor.pos < cursor.end && bytes[cursor.pos] !== EARLIER_ENDS && levels.length < LEVELS) {
    levels.push(takeLevel(cursor, levels.length));
  }
  let { earlierEnds } = emptySketch;
  if (cursor.pos < cursor.end && bytes[cursor.pos] === EARLIER_ENDS) {
    cursor.skip(1);
    earlierEnds = earlierEnds.map(() => cursor.varint());
  }
  if (cursor.pos !== cursor.end) throw new Error('the sketch is too long');
  return { lastRecord, levels: [...levels, ...emptySketch.levels.slice(levels.length)], earlierEnds };
}

export function blockKey(source: string, level: number, slot: number): Buffer {
  return Buffer.from(`${level}.${slot}/${source}`, 'utf8');
}

export function encodeBlock(source: string, block: SketchBlock): { key: Buffer; value: Buffer } {
  const { level, number, from, entries } = block;
  const bytes = Buffer.allocUnsafe(ENTRY_BYTES * entries.length);
  const hashes = bytes.toString('base64', 0, writeEntries(bytes, 0, level, entries));
  const value = JSON.stringify({ v: 1, n: number, s: from, h: hashes });
  return { key: blockKey(source, level, number % SLOTS), value: Buffer.from(value, 'utf8') };
}

/** The SourceId in the key of a block. */
export function sourceOfBlock(key: Buffer): string {
  return key.toString('utf8', key.indexOf('/') + 1);
}

/** @returns null for a tombstone, and for a record that this version cannot read: its lines count as new */
export function decodeBlock(key: Buffer, value: Buffer | null): SketchBlock | null {
  if (value === null) return null;
  const level = Number(key.toString('latin1', 0, key.indexOf('.')));
  try {
    const at = objectAt(JSON.parse(value.toString('utf8')), 'it');
    if (at['v'] !== 1 || !Number.isInteger(level) || level < 0 || level >= LEVELS) return null;
    const bytes = Buffer.from(matching(at, 'h', /^[A-Za-z0-9+/]*={0,2}$/), 'base64');
    const size = entryBytes(level);
    const entries = Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => bytes.readUIntBE(i * size, size));
    return { level, number: count(at, 'n'), from: finite(at, 's'), entries };
  } catch {
    return null;
  }
}

function entryBytes(level: number): number {
  return level === 0 ? 4 : 6;
}

/** Returns the position after them. */
function writeEntries(out: Buffer, start: number, level: number, entries: readonly number[]): number {
  let at = start;
  for (const entry of entries) {
    if (level > 0) at = out.writeUInt16BE(Math.floor(entry / 2 ** 32), at);
    at = out.writeUInt32BE(entry % 2 ** 32, at);
  }
  return at;
}

function takeLevel(cursor: ByteCursor, level: number): SketchLevel {
  const [end, blocks, length] = [cursor.varint(), cursor.varint(), cursor.varint()];
  const open = length === 0 ? noRun : { length, low: takeUint(cursor, 4), high: takeUint(cursor, 2) };
  const recent = Array.from({ length: Math.min(cursor.varint(), cursor.end) }, () =>
    takeUint(cursor, entryBytes(level)),
  );
  return { end, blocks, recent, open };
}

function takeUint(cursor: ByteCursor, size: number): number {
  const at = cursor.pos;
  cursor.skip(size);
  return cursor.bytes.readUIntBE(at, size);
}
