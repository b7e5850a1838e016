import { Level } from '../../../../src/lines/line-batch';
import { crc32c } from '@node-rs/crc32';
import Ajv2020 from 'ajv/dist/2020';
import {
  createCounting,
  type CountingOptions,
  type CountingState,
} from '../../../../src/pipelines/level-alerts/counting/counting';
import { parseWindowRecord } from '../../../../src/pipelines/level-alerts/counting/parse-window-record';
import schema from '../../../../src/pipelines/level-alerts/counting/window-record.schema.json';
import { windowKey, type WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import type { Output } from '../../../../src/stream/job';
import { encodeRecords } from '../../../../src/records/record-batch';

export const MIN = 60_000;

export const options: CountingOptions = {
  partitions: 4,
  windowMs: MIN,
  disorderMs: 5_000,
  idleAfterMs: 15 * MIN,
  keepWindowsMs: 48 * 60 * MIN,
  maxWindows: 1_000,
  keepOriginsMs: Infinity,
  patternLevels: [Level.ERROR],
  engine: 'telltale/test',
};

const validate = new Ajv2020().compile(schema);

/** The window records of an output, each checked against the published schema, its key and `one-counter-per-line`. */
export function recordsOf({ outputs }: { readonly outputs: readonly Output[] }): WindowRecord[] {
  return to('windows', outputs).map((output) => {
    const { key, value } = output;
    if (value === null) throw new Error('a window record without a value');
    const json: unknown = JSON.parse(value.toString());
    if (!validate(json)) throw new Error(JSON.stringify(validate.errors));
    const record = parseWindowRecord(key, value);
    if (record === null) throw new Error(`no window record: ${value.toString()}`);
    expect(json).toEqual(record);
    expect(key.toString()).toBe(windowKey(record.origin, record.windowStart));
    const { error, warn, info, debug, none } = record.counts;
    expect(record.lines).toBe(error + warn + info + debug + none + record.continuation + record.unparsed);
    return record;
  });
}

function to(topic: string, outputs: readonly Output[]): readonly Output[] {
  return outputs.filter((output) => output.topic === topic);
}

/** The record batch of these outputs, as a topic holds it. */
function batchOf(outputs: readonly Output[]): Buffer {
  return encodeRecords(
    outputs.map(({ key, value, timestamp }) => ({ key, value, timestamp, headers: [] })),
    crc32c,
  );
}

/** The last record of each key, in the order of the topic. */
export function compacted(topic: string, written: readonly Output[]): readonly Output[] {
  const latest = new Map<string, Output>();
  for (const output of to(topic, written)) {
    latest.delete(output.key.toString());
    latest.set(output.key.toString(), output);
  }
  return [...latest.values()];
}

/** The state after a restart: from the head, and from the compacted records. */
export function restore(counting: CountingOptions, head: Buffer | null, written: readonly Output[]): CountingState {
  const job = createCounting(counting);
  const state = job.open(head);
  for (const range of job.restoreRanges(state)) {
    const records = compacted(range.topic, written);
    const restored = { partition: 3, ...range, to: records.length };
    if (records.length > 0) job.restore(state, restored, batchOf(records), 0);
  }
  return state;
}
