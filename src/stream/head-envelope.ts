import { TelltaleError } from '../errors';
import type { Input } from './job';

/**
 * The value of a head record (topic `state`, key `<job>/<partition>`): one line of JSON,
 * {v: 2, definition, positions{topic{partition}}}, and after its line feed the job's own head. Without a line feed, the
 * job has not made a head yet.
 */
export interface HeadEnvelope {
  /** The definition of the job that wrote it; null in a head from before definitions were kept. */
  readonly definition: string | null;
  readonly positions: readonly Position[];
  readonly head: Buffer | null;
}

/** The next offset to fold. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const LINE_FEED = 0x0a;

export function encodeHeadEnvelope({ definition, positions, head }: HeadEnvelope): Buffer {
  const byTopic = new Map<string, Record<string, number>>();
  for (const { topic, partition, offset } of positions) {
    byTopic.set(topic, { ...byTopic.get(topic), [partition]: offset });
  }
  const line = Buffer.from(JSON.stringify({ v: 2, definition, positions: Object.fromEntries(byTopic) }));
  return head === null ? line : Buffer.concat([line, Buffer.of(LINE_FEED), head]);
}

/**
 * @param inputs the job's; a head of version 1, whose positions the job itself kept, has those of the only one
 * @throws INTERNAL when the value is neither: starting over would fold everything twice
 */
export function decodeHeadEnvelope(value: Buffer, name: string, inputs: readonly Input[]): HeadEnvelope {
  const end = value.indexOf(LINE_FEED);
  const line = objectOf(end < 0 ? value : value.subarray(0, end));
  if (line?.['v'] === 2) {
    return {
      definition: typeof line['definition'] === 'string' ? line['definition'] : null,
      positions: entriesOf(line['positions']).flatMap(([topic, partitions]) => positionsOf(topic, partitions)),
      head: end < 0 ? null : value.subarray(end + 1),
    };
  }
  const whole = objectOf(value);
  const [input] = inputs;
  if (whole?.['v'] === 1 && input !== undefined) {
    return { definition: null, positions: positionsOfVersion1(input.topic, whole), head: value };
  }
  throw new TelltaleError(
    'INTERNAL',
    `The head record of ${name} in topic "state" cannot be read; run the version of Telltale that wrote it.`,
  );
}

/** Counting kept `offsets{partition}`, alerting `partitions[{offset}]`. */
function positionsOfVersion1(topic: string, head: JsonObject): Position[] {
  const partitions: unknown = head['partitions'];
  const offsets = Array.isArray(partitions)
    ? Object.fromEntries(partitions.map((one: unknown, i) => [i, isObject(one) ? one['offset'] : null]))
    : head['offsets'];
  return positionsOf(topic, offsets);
}

function positionsOf(topic: string, offsets: unknown): Position[] {
  return entriesOf(offsets).flatMap(([partition, offset]) =>
    Number.isSafeInteger(offset) ? [{ topic, partition: Number(partition), offset: Number(offset) }] : [],
  );
}

type JsonObject = Readonly<Record<string, unknown>>;

function objectOf(text: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}
