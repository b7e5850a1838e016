import { readDecimal } from './decimals';
import { Level, LineFlag, type LineBatch } from './line-batch';
import { batchHeader, recordsStart, type BatchHeader } from '../records/record-batch';
import { ByteCursor, corrupt } from '../records/varints';

/** Lines of one source, generation, origin and time of ingestion, as read from a record batch. */
export interface DecodedLines {
  readonly batch: LineBatch;
  /** Time of ingestion, epoch milliseconds. */
  readonly timestamp: number;
  /** Topic offset after the last of these records. */
  readonly nextOffset: number;
}

/**
 * Decodes the records of `logs` at or after offset `from`. A change of source, generation, origin or timestamp begins a
 * new batch. The lines stay in the record batch.
 *
 * Records of other writers may lack headers; unknown ones are skipped. Defaults: `level` RAW, `time` the record's
 * timestamp, `at` `0:0`, `origin` "".
 * @throws CORRUPT_BATCH when the bytes are not a record batch; never reads outside them
 */
export function decodeLines(batch: Buffer, from: number): DecodedLines[] {
  const about = batchHeader(batch);
  const cursor = new ByteCursor(batch, recordsStart, batch.length);
  const record = new LineRecord();
  const runs = new Runs(batch, about.count);
  for (let i = 0; i < about.count; i++) {
    readLineRecord(cursor, record, about);
    if (record.offset >= from) runs.add(record);
  }
  if (cursor.pos !== batch.length) throw corrupt('bytes are left after its last record');
  return runs.finish();
}

/** The fields of one record; the next record overwrites them. Positions are in the batch. */
class LineRecord {
  offset = 0;
  timestamp = 0;
  keyStart = 0;
  keyEnd = 0;
  originStart = 0;
  originEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  generation = 0;
  at = 0;
  time = 0;
  level: Level = Level.RAW;
  flags = 0;
  length = -1;
}

function readLineRecord(cursor: ByteCursor, record: LineRecord, about: BatchHeader): void {
  const size = cursor.varint();
  const recordStart = cursor.pos;
  cursor.skip(1);
  const ownTimestamp = about.baseTimestamp + cursor.varint();
  record.timestamp = about.appendTime ?? ownTimestamp;
  record.offset = about.baseOffset + cursor.varint();
  const keyLength = Math.max(0, cursor.varint());
  record.keyStart = cursor.pos;
  cursor.skip(keyLength);
  record.keyEnd = cursor.pos;
  const valueLength = Math.max(0, cursor.varint());
  record.valueStart = cursor.pos;
  cursor.skip(valueLength);
  record.valueEnd = cursor.pos;

  record.originStart = record.originEnd = 0;
  record.generation = record.at = record.flags = 0;
  record.time = record.timestamp;
  record.level = Level.RAW;
  record.length = -1;
  const headerCount = cursor.varint();
  for (let i = 0; i < headerCount; i++) {
    const nameLength = cursor.varint();
    const name = cursor.pos;
    cursor.skip(nameLength);
    const length = Math.max(0, cursor.varint());
    const value = cursor.pos;
    cursor.skip(length);
    readHeader(record, cursor.bytes, name, nameLength, value, value + length);
  }
  if (cursor.pos !== recordStart + size) throw corrupt('a record is not as long as it says');
}

const names = {
  at: Buffer.from('at'),
  time: Buffer.from('time'),
  level: Buffer.from('level'),
  origin: Buffer.from('origin'),
  cut: Buffer.from('cut'),
  length: Buffer.from('length'),
  again: Buffer.from('again'),
  clock: Buffer.from('clock'),
  gap: Buffer.from('gap'),
} as const;

function readHeader(record: LineRecord, bytes: Buffer, name: number, size: number, start: number, end: number): void {
  // First letter and length distinguish all names, so the rest is compared only once.
  const is = (wanted: Buffer): boolean => size === wanted.length && sameBytes(bytes, name, wanted, 0, size);
  switch (bytes[name]) {
    case 97: // a
      if (is(names.at)) readAt(record, bytes, start, end);
      else if (is(names.again) && end - start === 1 && bytes[start] === 49) record.flags |= LineFlag.AGAIN;
      break;
    case 116: // t
      if (is(names.time)) record.time = orElse(readDecimal(bytes, start, end), record.timestamp);
      break;
    case 108: // l
      if (is(names.level)) record.level = readLevel(bytes, start, end);
      else if (is(names.length)) record.length = orElse(readDecimal(bytes, start, end), -1);
      break;
    case 111: // o
      if (is(names.origin)) {
        record.originStart = start;
        record.originEnd = end;
      }
      break;
    case 99: // c
      if (is(names.cut)) record.flags |= readCut(bytes, start, end);
      else if (is(names.clock) && spells(bytes, start, end, future)) record.flags |= LineFlag.FUTURE;
      break;
    case 103: // g
      if (is(names.gap) && spells(bytes, start, end, possible)) record.flags |= LineFlag.GAP;
      break;
    default:
  }
}

const future = Buffer.from('future');
const possible = Buffer.from('possible');
const cuts = [
  { name: Buffer.from('head'), flag: LineFlag.CUT_HEAD },
  { name: Buffer.from('tail'), flag: LineFlag.CUT_TAIL },
  { name: Buffer.from('rest'), flag: LineFlag.CUT_REST },
] as const;

function readCut(bytes: Buffer, start: number, end: number): number {
  return cuts.find(({ name }) => spells(bytes, start, end, name))?.flag ?? 0;
}

function readAt(record: LineRecord, bytes: Buffer, start: number, end: number): void {
  let colon = start;
  while (colon < end && bytes[colon] !== 58) colon++;
  const generation = readDecimal(bytes, start, colon);
  const at = readDecimal(bytes, colon + 1, end);
  if (generation >= 0 && at >= 0) {
    record.generation = generation;
    record.at = at;
  }
}

const levelWords = [
  { word: Buffer.from('ERROR'), level: Level.ERROR },
  { word: Buffer.from('WARN'), level: Level.WARN },
  { word: Buffer.from('INFO'), level: Level.INFO },
  { word: Buffer.from('DEBUG'), level: Level.DEBUG },
  { word: Buffer.from('NONE'), level: Level.NONE },
  { word: Buffer.from('CONT'), level: Level.CONT },
] as const;

function readLevel(bytes: Buffer, start: number, end: number): Level {
  for (const { word, level } of levelWords) if (spells(bytes, start, end, word)) return level;
  return Level.RAW;
}

function orElse(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}

function spells(bytes: Buffer, start: number, end: number, word: Buffer): boolean {
  return end - start === word.length && sameBytes(bytes, start, word, 0, word.length);
}

function sameBytes(a: Buffer, aStart: number, b: Buffer, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** Gathers records into batches. Each batch uses a slice of one shared set of arrays. */
class Runs {
  private readonly done: DecodedLines[] = [];
  private readonly starts: Uint32Array;
  private readonly ends: Uint32Array;
  private readonly offsets: Float64Array;
  private readonly times: Float64Array;
  private readonly levels: Uint8Array;
  private readonly flags: Uint8Array;
  private lengths = new Map<number, number>();
  private count = 0;
  private runStart = 0;
  /** Values shared by all lines of the current run. */
  private source = '';
  private origin = '';
  private keyStart = 0;
  private keyEnd = 0;
  private originStart = 0;
  private originEnd = 0;
  private generation = -1;
  private timestamp = 0;
  private nextOffset = 0;

  constructor(
    private readonly bytes: Buffer,
    capacity: number,
  ) {
    this.starts = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
    this.offsets = new Float64Array(capacity);
    this.times = new Float64Array(capacity);
    this.levels = new Uint8Array(capacity);
    this.flags = new Uint8Array(capacity);
  }

  add(record: LineRecord): void {
    if (!this.belongs(record)) this.begin(record);
    const i = this.count++;
    this.starts[i] = record.valueStart;
    this.ends[i] = record.valueEnd;
    this.offsets[i] = record.at;
    this.times[i] = record.time;
    this.levels[i] = record.level;
    this.flags[i] = record.flags;
    if (record.length >= 0) this.lengths.set(i - this.runStart, record.length);
    this.nextOffset = record.offset + 1;
  }

  finish(): DecodedLines[] {
    this.close();
    return this.done;
  }

  private belongs(record: LineRecord): boolean {
    const { bytes } = this;
    const keyLength = record.keyEnd - record.keyStart;
    const originLength = record.originEnd - record.originStart;
    return (
      record.generation === this.generation &&
      record.timestamp === this.timestamp &&
      keyLength === this.keyEnd - this.keyStart &&
      originLength === this.originEnd - this.originStart &&
      sameBytes(bytes, record.keyStart, bytes, this.keyStart, keyLength) &&
      sameBytes(bytes, record.originStart, bytes, this.originStart, originLength)
    );
  }

  private begin(record: LineRecord): void {
    this.close();
    this.keyStart = record.keyStart;
    this.keyEnd = record.keyEnd;
    this.originStart = record.originStart;
    this.originEnd = record.originEnd;
    this.source = this.bytes.toString('utf8', record.keyStart, record.keyEnd);
    this.origin = this.bytes.toString('utf8', record.originStart, record.originEnd);
    this.generation = record.generation;
    this.timestamp = record.timestamp;
  }

  private close(): void {
    const { runStart, count } = this;
    if (count === runStart) return;
    const batch: LineBatch = {
      source: this.source,
      origin: this.origin,
      generation: this.generation,
      count: count - runStart,
      bytes: this.bytes,
      starts: this.starts.subarray(runStart, count),
      ends: this.ends.subarray(runStart, count),
      offsets: this.offsets.subarray(runStart, count),
      times: this.times.subarray(runStart, count),
      levels: this.levels.subarray(runStart, count),
      flags: this.flags.subarray(runStart, count),
      lengths: this.lengths,
    };
    this.done.push({ batch, timestamp: this.timestamp, nextOffset: this.nextOffset });
    this.runStart = count;
    this.lengths = new Map();
  }
}
