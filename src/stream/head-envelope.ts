import { TelltaleError } from '../errors';
import type { Input } from './job';
import { isListOf, isNumber, isObjectOf, isString } from './shape';

/**
 * The value of a head record (topic `state`, key `<job>/<partition>`): JSON,
 * {v: 2, definition, positions{topic{partition}}, head, without?[{topic, partition, offset}]}, where `head` is the job's own.
 * It is null until the job makes one.
 */
export interface HeadEnvelope {
  /** The definition of the job that wrote it; null in a head from before definitions were kept. */
  readonly definition: string | null;
  readonly positions: readonly Position[];
  /** JSON, as the job wrote it. */
  readonly head: Buffer | null;
  /** Damaged batches of its own state without which it was started over. */
  readonly without?: readonly Position[];
}

/** The next offset to fold. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const isWithout = isListOf(isObjectOf<Position>({ topic: isString, partition: isNumber, offset: isNumber }));

export function encodeHeadEnvelope({ definition, positions, head, without = [] }: HeadEnvelope): Buffer {
  const byTopic = new Map<string, Record<string, number>>();
  for (const { topic, partition, offset } of positions) {
    byTopic.set(topic, { ...byTopic.get(topic), [partition]: offset });
  }
  const own: unknown = head === null ? null : JSON.parse(head.toString('utf8'));
  const written = { v: 2, definition, positions: Object.fromEntries(byTopic), head: own };
  return Buffer.from(JSON.stringify(without.length === 0 ? written : { ...written, without }));
}

/**
 * @param inputs the job's inputs. In version 1 the job itself kept its positions, those of its only input
 * @throws RESET_NEEDED when the value is neither, or a position is not an offset: starting over would fold everything twice
 */
export function decodeHeadEnvelope(value: Buffer, name: string, inputs: readonly Input[]): HeadEnvelope {
  const whole = objectOf(value);
  if (whole?.['v'] === 2) {
    const { definition, head = null } = whole;
    const entries = entriesOf(whole['positions']);
    const positions = entries.flatMap(([topic, partitions]) => positionsOf(topic, partitions));
    const written = entries.reduce((sum, [, partitions]) => sum + entriesOf(partitions).length, 0);
    if (typeof definition === 'string' && positions.length === written && written > 0) {
      const own = head === null ? null : Buffer.from(JSON.stringify(head));
      const envelope = { definition, positions, head: own };
      return isWithout(whole['without']) ? { ...envelope, without: whole['without'] } : envelope;
    }
  }
  const [input] = inputs;
  if (whole?.['v'] === 1 && input !== undefined) {
    return { definition: null, positions: positionsOfVersion1(input.topic, whole), head: value };
  }
  throw unreadableHead(name);
}

/** @param name of a job, or the key of its head record: `<job>/<partition>` */
export function unreadableHead(name: string): TelltaleError {
  const [job] = name.split('/');
  const message =
    `The head record of ${name} in topic "state" cannot be read: run the version of Telltale that wrote it, ` +
    `or run "telltale reset ${job}" to start over.`;
  return new TelltaleError('RESET_NEEDED', message);
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
    Number.isSafeInteger(offset) && Number(offset) >= 0
      ? [{ topic, partition: Number(partition), offset: Number(offset) }]
      : [],
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
