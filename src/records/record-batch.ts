import { isTelltaleError } from '../errors';
import { ByteCursor, corrupt, varintSize, writeVarint } from './varints';

/**
 * Kafka's RecordBatch v2 (magic 2), uncompressed: the one encoding of records in Telltale.
 * Layout: https://kafka.apache.org/documentation/#recordbatch
 *
 * The caller passes CRC-32C, since this folder is pure. The checksum covers everything from the attributes on, but not the
 * base offset, which the event log sets.
 */
export type Crc32c = (bytes: Buffer) => number;

/** One record to write. Header values are bytes; `timestamp` is epoch milliseconds. */
export interface RecordData {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
  readonly timestamp: number;
  /** The record's offset within its batch, for batches with gaps after compaction; by default its index. */
  readonly offsetDelta?: number;
}

/** A decoded record. Key, value and header values are views into the batch. A null header value reads as empty. */
export interface DecodedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
}

export interface BatchHeader {
  readonly baseOffset: number;
  /** Offset of the last record; `baseOffset` - 1 for an empty batch of ours. */
  readonly lastOffset: number;
  readonly count: number;
  /** The records' timestamps are deltas to this one, epoch milliseconds; -1 for an empty batch. */
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** The timestamp of every record when the log sets it (`LogAppendTime`); null: each record has its writer's. */
  readonly appendTime: number | null;
  /** The size of the whole batch, from the base offset to the last record. */
  readonly sizeInBytes: number;
}

/** The positions of the fields. */
const at = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
} as const;

const attribute = { compression: 0x07, appendTime: 0x08 } as const;

/** Size of the batch header: where the first record begins. */
export const recordsStart = 61;

/** The size of the smallest record; bounds the count that a header may claim. */
const minRecordBytes = 7;

/** Encodes records of small topics; offsets start at 0. Lines have their own encoder, `lines/log-records.ts`. */
export function encodeRecords(records: readonly RecordData[], crc32c: Crc32c): Buffer {
  const first = records[0];
  const base = first?.timestamp ?? -1;
  const sized = records.map((record, i) => sizeRecord(record, record.offsetDelta ?? i, record.timestamp - base));
  const total = sized.reduce((sum, { size }) => sum + varintSize(size) + size, recordsStart);

  const out = Buffer.allocUnsafe(total);
  let pos = recordsStart;
  for (const record of sized) pos = writeRecord(out, pos, record);

  const last = sized.at(-1);
  sealBatch(out, crc32c, {
    count: records.length,
    lastOffsetDelta: last?.offsetDelta ?? -1,
    baseTimestamp: base,
    maxTimestamp: records.reduce((max, record) => Math.max(max, record.timestamp), base),
  });
  return out;
}

interface SizedRecord {
  readonly record: RecordData;
  readonly names: readonly Buffer[];
  readonly offsetDelta: number;
  readonly timestampDelta: number;
  readonly size: number;
}

function sizeRecord(record: RecordData, offsetDelta: number, timestampDelta: number): SizedRecord {
  const names = record.headers.map(([name]) => Buffer.from(name, 'utf8'));
  let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + fieldSize(record.key) + fieldSize(record.value);
  size += varintSize(names.length);
  for (const name of names) size += fieldSize(name);
  for (const [, value] of record.headers) size += fieldSize(value);
  return { record, names, offsetDelta, timestampDelta, size };
}

function fieldSize(field: Buffer | null): number {
  return field === null ? 1 : varintSize(field.length) + field.length;
}

function writeRecord(out: Buffer, start: number, sized: SizedRecord): number {
  let pos = writeVarint(out, start, sized.size);
  out[pos++] = 0;
  pos = writeVarint(out, pos, sized.timestampDelta);
  pos = writeVarint(out, pos, sized.offsetDelta);
  pos = writeField(out, pos, sized.record.key);
  pos = writeField(out, pos, sized.record.value);
  pos = writeVarint(out, pos, sized.names.length);
  sized.record.headers.forEach(([, value], i) => {
    pos = writeField(out, pos, sized.names[i] ?? null);
    pos = writeField(out, pos, value);
  });
  return pos;
}

/** Writes length and bytes; returns the position after them. */
export function writeField(out: Buffer, pos: number, field: Buffer | null): number {
  if (field === null) return writeVarint(out, pos, -1);
  const start = writeVarint(out, pos, field.length);
  out.set(field, start);
  return start + field.length;
}

/** Writes the batch header before the records, which begin at {@link recordsStart} and fill the buffer. */
export function sealBatch(
  batch: Buffer,
  crc32c: Crc32c,
  about: { count: number; lastOffsetDelta: number; baseTimestamp: number; maxTimestamp: number },
): void {
  batch.writeBigInt64BE(0n, at.baseOffset);
  batch.writeInt32BE(batch.length - at.leaderEpoch, at.batchLength);
  batch.writeInt32BE(-1, at.leaderEpoch);
  batch.writeInt8(2, at.magic);
  batch.writeInt16BE(0, at.attributes);
  batch.writeInt32BE(about.lastOffsetDelta, at.lastOffsetDelta);
  batch.writeBigInt64BE(BigInt(about.baseTimestamp), at.baseTimestamp);
  batch.writeBigInt64BE(BigInt(about.maxTimestamp), at.maxTimestamp);
  batch.writeBigInt64BE(-1n, at.producerId);
  batch.writeInt16BE(-1, at.producerEpoch);
  batch.writeInt32BE(-1, at.baseSequence);
  batch.writeInt32BE(about.count, at.count);
  batch.writeUInt32BE(crc32c(batch.subarray(at.attributes)) >>> 0, at.crc);
}

/**
 * Reads the header of one whole batch.
 * @param crc32c when given, the checksum is verified
 * @throws CORRUPT_BATCH when length, magic, attributes, count or checksum are wrong
 */
export function batchHeader(batch: Buffer, crc32c?: Crc32c): BatchHeader {
  if (batch.length < recordsStart) throw corrupt(`${batch.length} bytes are too few for its header`);
  const length = batch.readInt32BE(at.batchLength) + at.leaderEpoch;
  if (length !== batch.length) throw corrupt(`it says ${length} bytes, but is ${batch.length} long`);
  const magic = batch.readInt8(at.magic);
  if (magic !== 2) throw corrupt(`magic is ${magic}, not 2`);
  if (crc32c !== undefined && crc32c(batch.subarray(at.attributes)) >>> 0 !== batch.readUInt32BE(at.crc)) {
    throw corrupt('its checksum is wrong');
  }
  if ((batch.readInt16BE(at.attributes) & attribute.compression) !== 0) throw corrupt('it is compressed');
  const count = batch.readInt32BE(at.count);
  if (count < 0 || count * minRecordBytes > batch.length - recordsStart)
    throw corrupt(`it cannot hold ${count} records`);
  const baseOffset = readSafe(batch, at.baseOffset);
  const maxTimestamp = readSafe(batch, at.maxTimestamp);
  return {
    baseOffset,
    lastOffset: baseOffset + batch.readInt32BE(at.lastOffsetDelta),
    count,
    baseTimestamp: readSafe(batch, at.baseTimestamp),
    maxTimestamp,
    appendTime: (batch.readInt16BE(at.attributes) & attribute.appendTime) === 0 ? null : maxTimestamp,
    sizeInBytes: length,
  };
}

/**
 * Why a batch is damaged, to follow a colon; null for one that is whole. The checksum does not cover the base offset: the
 * place where the log keeps the batch says what its last offset must be.
 * @param lastOffset as the log knows it
 */
export function faultOf(batch: Buffer, lastOffset: number, crc32c: Crc32c): string | null {
  try {
    const found = batchHeader(batch, crc32c).lastOffset;
    return found === lastOffset ? null : `it ends at offset ${found}, not ${lastOffset}`;
  } catch (error) {
    return faultIn(error);
  }
}

/**
 * What a CORRUPT_BATCH says about its batch, to follow a colon.
 * @throws any other error, unchanged
 */
export function faultIn(error: unknown): string {
  if (!isTelltaleError(error, 'CORRUPT_BATCH')) throw error;
  return error.reason ?? error.message;
}

function readSafe(batch: Buffer, pos: number): number {
  const value = Number(batch.readBigInt64BE(pos));
  if (!Number.isSafeInteger(value)) throw corrupt('a number is longer than 53 bits');
  return value;
}

/** A copy of the batch with its first offset at `baseOffset`. */
export function withBaseOffset(batch: Buffer, baseOffset: number): Buffer {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(BigInt(baseOffset), at.baseOffset);
  return copy;
}

/** A copy of the batch with `time` as the timestamp of all records, as a log with `LogAppendTime` stores it. */
export function withAppendTime(batch: Buffer, time: number, crc32c: Crc32c): Buffer {
  const copy = Buffer.from(batch);
  copy.writeInt16BE(copy.readInt16BE(at.attributes) | attribute.appendTime, at.attributes);
  copy.writeBigInt64BE(BigInt(time), at.maxTimestamp);
  copy.writeUInt32BE(crc32c(copy.subarray(at.attributes)) >>> 0, at.crc);
  return copy;
}

/**
 * Decodes the records at or after offset `from`.
 * @throws CORRUPT_BATCH; with `crc32c` given the checksum is verified too
 */
export function decodeBatch(batch: Buffer, from = 0, crc32c?: Crc32c): DecodedRecord[] {
  const header = batchHeader(batch, crc32c);
  const cursor = new ByteCursor(batch, recordsStart, batch.length);
  const records: DecodedRecord[] = [];
  for (let i = 0; i < header.count; i++) {
    const record = readRecord(cursor, header);
    if (record.offset >= from) records.push(record);
  }
  if (cursor.pos !== batch.length) throw corrupt('bytes are left after its last record');
  return records;
}

function readRecord(cursor: ByteCursor, header: BatchHeader): DecodedRecord {
  const length = cursor.varint();
  const start = cursor.pos;
  cursor.skip(1);
  const ownTimestamp = header.baseTimestamp + cursor.varint();
  const timestamp = header.appendTime ?? ownTimestamp;
  const offset = header.baseOffset + cursor.varint();
  const key = readField(cursor);
  const value = readField(cursor);
  const headerCount = cursor.varint();
  const headers: [string, Buffer][] = [];
  for (let i = 0; i < headerCount; i++) {
    const name = readField(cursor) ?? empty;
    headers.push([name.toString('utf8'), readField(cursor) ?? empty]);
  }
  if (cursor.pos !== start + length) throw corrupt('a record is not as long as it says');
  return { offset, timestamp, key, value, headers };
}

const empty = Buffer.alloc(0);

function readField(cursor: ByteCursor): Buffer | null {
  const length = cursor.varint();
  if (length === -1) return null;
  const start = cursor.pos;
  cursor.skip(length);
  return cursor.bytes.subarray(start, cursor.pos);
}
