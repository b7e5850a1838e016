import { isObjectKey } from '../object-key';
import { isBucketName, isSequencer, isVersionId } from './encoding';
import type { Signal } from './signal';

/** The signals in an S3 event notification, and the ignored records with reasons for the log. */
export interface SignalsOfEvent {
  readonly signals: readonly Signal[];
  readonly ignored: readonly { readonly reason: string }[];
}

/**
 * Reads an event notification as S3 sends it to a Lambda function ("Event message structure", Amazon S3 User Guide): one
 * signal for each created object. Keys come URL-encoded, a space as `+`. Anything else (S3's test event, deletions,
 * malformed records) is ignored with its reason; nothing throws, because a retry would not help.
 */
export function signalsOf(event: unknown): SignalsOfEvent {
  const signals: Signal[] = [];
  const ignored: { reason: string }[] = [];
  const records = field(event, 'Records');
  if (!Array.isArray(records)) {
    const test = field(event, 'Event') === 's3:TestEvent';
    return { signals, ignored: [{ reason: test ? 'a test event of S3' : 'an event without Records' }] };
  }
  for (const record of records as readonly unknown[]) {
    const read = signalOf(record);
    if (typeof read === 'string') ignored.push({ reason: read });
    else signals.push(read);
  }
  return { signals, ignored };
}

/** The signal of a record, or the reason for its absence. */
function signalOf(record: unknown): Signal | string {
  const eventName = field(record, 'eventName');
  if (typeof eventName !== 'string') return 'a record without eventName';
  if (!eventName.startsWith('ObjectCreated:')) return `a record of ${JSON.stringify(eventName.slice(0, 80))}`;

  const s3 = field(record, 's3');
  const object = field(s3, 'object');
  const bucket = field(field(s3, 'bucket'), 'name');
  if (typeof bucket !== 'string' || !isBucketName(bucket)) return 'a record without a valid bucket name';
  const encodedKey = field(object, 'key');
  const key = typeof encodedKey === 'string' ? decodeKey(encodedKey) : null;
  if (key === null || !isObjectKey(key)) return 'a record without a valid object key';

  // Both are optional: without them the object is read all the same.
  const versionId = field(object, 'versionId');
  const sequencer = field(object, 'sequencer');
  return {
    v: 1,
    bucket,
    key,
    ...(typeof versionId === 'string' && isVersionId(versionId) ? { versionId } : {}),
    ...(typeof sequencer === 'string' && isSequencer(sequencer) ? { sequencer } : {}),
  };
}

function decodeKey(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded.replace(/\+/g, ' '));
  } catch {
    return null;
  }
}

/** A field of parsed JSON; undefined without an object or an own field of that name. */
function field(json: unknown, name: string): unknown {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, name)) return undefined;
  return (json as Readonly<Record<string, unknown>>)[name];
}
