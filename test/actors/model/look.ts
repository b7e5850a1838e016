import { readBatches, readLatest } from '../../../actors/read-latest';
import { decodeLines } from '../../../src/lines/decode-lines';
import { Level, levelNames, lineAt, LineFlag, type LineBatch } from '../../../src/lines/line-batch';
import type { Checkpoint } from '../../../src/ingestion/checkpoint';
import { decodeCheckpoint } from '../../../src/ingestion/checkpoint-record';
import { isBalanced } from '../../../src/ingestion/progress';
import type { EventLog } from '../../../src/ports/event-log';
import { readRecords } from '../../support/topics';
import { BUCKET } from '../producing';
import type { Seen, SeenCheckpoint } from './allowed';
import { recordName } from './records';

/** The records and checkpoint of each source in the event log, by key. */
export async function lookAt(log: EventLog): Promise<Record<string, Seen>> {
  const records: Record<string, string[]> = {};
  /** The first generation of each line of a source (`repeated-lines`). */
  const read = new Map<string, number>();
  const checkpoints: Record<string, Checkpoint | null> = {};
  for (let partition = 0; partition < 10; partition++) {
    await readBatches(log, { topic: 'logs', partition, from: 0 }, (bytes, from) => {
      for (const { batch } of decodeLines(bytes, from)) {
        for (let i = 0; i < batch.count; i++) {
          (records[keyOf(batch.source)] ??= []).push(nameOf(batch, i));
          if (batch.levels[i] === Level.INFO) expectReadBefore(read, batch, i);
        }
      }
    });
    await readLatest(log, { topic: 'checkpoints', partition, from: 0 }, ({ key, value }) => {
      if (key !== null) checkpoints[keyOf(key.toString())] = decodeCheckpoint(key, value);
    });
  }
  const quarantine: Record<string, string[]> = {};
  for (const { key, value } of await readRecords(log, 'quarantine', 1)) {
    const { etag, reason } = JSON.parse(String(value)) as { etag: string; reason: string };
    (quarantine[keyOf(String(key))] ??= []).push(`${etag} ${reason}`);
  }
  const keys = new Set([...Object.keys(records), ...Object.keys(checkpoints), ...Object.keys(quarantine)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const checkpoint = checkpoints[key] ?? null;
      if (checkpoint !== null) expect(isBalanced(checkpoint)).toBe(true);
      const seen = { records: records[key] ?? [], quarantine: quarantine[key] ?? [] };
      return [key, { ...seen, checkpoint: checkpoint === null ? null : seenOf(checkpoint) }];
    }),
  );
}

function keyOf(source: string): string {
  return source.slice(BUCKET.length + 1);
}

/** A record that is marked as a repeat was read in an earlier generation. */
function expectReadBefore(read: Map<string, number>, batch: LineBatch, i: number): void {
  const line = `${batch.source} ${lineAt(batch, i).toString('latin1')}`;
  const first = read.get(line);
  if (((batch.flags[i] ?? 0) & LineFlag.AGAIN) !== 0) expect(first).toBeLessThan(batch.generation);
  if (first === undefined) read.set(line, batch.generation);
}

function nameOf(batch: LineBatch, i: number): string {
  const flags = batch.flags[i] ?? 0;
  const marks = Object.entries(LineFlag).flatMap(([name, bit]) =>
    (flags & bit) === 0 || name === 'AGAIN' ? [] : [name],
  );
  const level = levelNames[batch.levels[i] ?? 0] ?? '';
  const time = level === 'RAW' ? null : (batch.times[i] ?? null);
  const at = `${batch.generation}:${batch.offsets[i] ?? NaN}`;
  return recordName(at, level, time, lineAt(batch, i).toString('latin1'), marks);
}

function seenOf({
  position: { generation, size, heldSince, possibleGap },
  ended,
  quarantine,
}: Checkpoint): SeenCheckpoint {
  const refused = quarantine === null || quarantine.reason === 'denied' ? null : quarantine;
  return {
    generation,
    size,
    isHeld: heldSince !== null,
    isEnded: ended !== null,
    refused: refused === null ? null : `${refused.etag} ${refused.reason}`,
    possibleGap,
  };
}
