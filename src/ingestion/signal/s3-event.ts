import { isObjectKey } from '../object-key';
import { isBucketName } from './encoding';

/** An object that an event announces. The key is decoded. */
export interface Arrival {
  readonly bucket: string;
  readonly key: string;
}

/** The arrivals in an event, and the ignored parts with reasons for the log. */
export interface ArrivalsOfEvent {
  readonly arrivals: readonly Arrival[];
  readonly ignored: readonly { readonly reason: string }[];
}

/** S3 → SNS → SQS is two wrappings; AWS offers no deeper ones. */
const MAX_WRAPPINGS = 3;

/**
 * Reads what starts a Lambda function after an upload: the notification of S3 itself ("Event message structure", Amazon S3
 * User Guide), or the same one wrapped by SQS, SNS or both; or S3's event of EventBridge. Anything else (S3's test event,
 * deletions, folders, malformed records) is ignored with its reason; nothing throws, because a retry would not help.
 */
export function arrivalsOf(event: unknown): ArrivalsOfEvent {
  const arrivals: Arrival[] = [];
  const ignored: { reason: string }[] = [];
  const take = (read: Arrival | string): void => {
    if (typeof read === 'string') ignored.push({ reason: read });
    else arrivals.push(read);
  };
  unwrap(event, MAX_WRAPPINGS, take);
  return { arrivals, ignored };
}

function unwrap(event: unknown, wrappings: number, take: (read: Arrival | string) => void): void {
  if (field(event, 'source') === 'aws.s3') {
    take(ofEventBridge(event));
    return;
  }
  // SNS, as it writes into a queue.
  if (field(event, 'Type') === 'Notification') {
    unwrapText(field(event, 'Message'), wrappings, take);
    return;
  }
  const records = field(event, 'Records');
  if (!Array.isArray(records)) {
    const test = field(event, 'Event') === 's3:TestEvent';
    take(test ? 'a test event of S3' : 'an event without Records');
    return;
  }
  for (const record of records as readonly unknown[]) {
    if (field(record, 'eventSource') === 'aws:sqs') unwrapText(field(record, 'body'), wrappings, take);
    else if (field(record, 'EventSource') === 'aws:sns') {
      unwrapText(field(field(record, 'Sns'), 'Message'), wrappings, take);
    } else take(ofS3(record));
  }
}

function unwrapText(text: unknown, wrappings: number, take: (read: Arrival | string) => void): void {
  if (wrappings === 0) {
    take('an event that is wrapped too often');
    return;
  }
  let event: unknown;
  try {
    if (typeof text !== 'string') throw new Error();
    event = JSON.parse(text);
  } catch {
    take('a message that is not JSON');
    return;
  }
  unwrap(event, wrappings - 1, take);
}

/** The arrival of a record, or the reason for its absence. The key is URL-encoded, a space is `+`. */
function ofS3(record: unknown): Arrival | string {
  const eventName = field(record, 'eventName');
  if (typeof eventName !== 'string') return 'a record without eventName';
  if (!eventName.startsWith('ObjectCreated:')) return `a record of ${JSON.stringify(eventName.slice(0, 80))}`;
  const s3 = field(record, 's3');
  const encodedKey = field(field(s3, 'object'), 'key');
  const key = typeof encodedKey === 'string' ? decodeKey(encodedKey) : null;
  return arrival(field(field(s3, 'bucket'), 'name'), key);
}

/** EventBridge does not encode the key ("EventBridge event message structure", Amazon S3 User Guide). */
function ofEventBridge(event: unknown): Arrival | string {
  const type = field(event, 'detail-type');
  if (type !== 'Object Created') return `an event of ${JSON.stringify(String(type).slice(0, 80))}`;
  const detail = field(event, 'detail');
  return arrival(field(field(detail, 'bucket'), 'name'), field(field(detail, 'object'), 'key'));
}

function arrival(bucket: unknown, key: unknown): Arrival | string {
  if (typeof bucket !== 'string' || !isBucketName(bucket)) return 'a record without a valid bucket name';
  if (typeof key !== 'string' || !isObjectKey(key)) return 'a record without a valid object key';
  // Consoles make such an empty object for each folder.
  if (key.endsWith('/')) return 'a folder';
  return { bucket, key };
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
