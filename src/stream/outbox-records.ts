import type { OutputRecord } from './job';
import { isMissingOr, isNumber, isObjectOf, isOneOf, isString, parseJson } from './shape';

/**
 * The records of an outbox. A job writes `<id>/<kind>`: a message. The delivery writes `<id>/status`: how its delivery
 * stands or ended. Separate receivers will have `<id>/<receiver>[/<address>]/status`; until then a delivery ignores such
 * keys. A repair writes `repair/quiet`.
 */

/** The value of a record with key `<id>/status`. */
export interface DeliveryStatus {
  readonly v: 1;
  readonly id: string;
  /** FAILED: refused, and never tried again. */
  readonly state: 'SENDING' | 'SENT' | 'FAILED';
  /** Number of attempts so far, including this one. */
  readonly attempt: number;
  /** Only with SENT: the id that the transport gave. */
  readonly transportId?: string;
  /** Only with FAILED: one sentence. */
  readonly reason?: string;
}

/** How a pipeline writes its messages into an outbox. */
export interface MessageFormat<M> {
  /** The last part of the key. */
  readonly kind: string;
  /** Null when the value is not a message of this id that this version understands. */
  readonly decode: (value: Buffer, id: string) => M | null;
}

/** @param now epoch milliseconds */
export function statusRecord(status: DeliveryStatus, now: number): OutputRecord {
  return {
    key: Buffer.from(`${status.id}/status`, 'utf8'),
    value: Buffer.from(JSON.stringify(status), 'utf8'),
    timestamp: now,
  };
}

/** The id and the kind in the key of an outbox record. An id has no slash. */
export function parseOutboxKey(key: Buffer): { readonly id: string; readonly kind: string } {
  const [id = '', ...kind] = key.toString('utf8').split('/');
  return { id, kind: kind.join('/') };
}

/** Null when the value is not a status of this id that this version understands. */
export function parseStatus(value: Buffer, id: string): DeliveryStatus | null {
  const status = parseJson(value, isDeliveryStatus);
  return status?.id === id ? status : null;
}

const QUIET_KEY = 'repair/quiet';

/**
 * Says that messages about times up to `until` may have been sent, although this outbox no longer shows it: a job that has
 * no other memory must not write them. Deliveries ignore the record.
 */
export interface QuietTime {
  readonly v: 1;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** @param now epoch milliseconds */
export function quietRecord(until: number, now: number): OutputRecord {
  const value: QuietTime = { v: 1, until };
  return { key: Buffer.from(QUIET_KEY, 'utf8'), value: Buffer.from(JSON.stringify(value), 'utf8'), timestamp: now };
}

/** Null for any other record. */
export function parseQuiet(key: Buffer | null, value: Buffer | null): QuietTime | null {
  return key === null || value === null || key.toString('utf8') !== QUIET_KEY ? null : parseJson(value, isQuietTime);
}

const isQuietTime = isObjectOf<QuietTime>({ v: isOneOf(1), until: isNumber });

const isDeliveryStatus = isObjectOf<DeliveryStatus>({
  v: isOneOf(1),
  id: isString,
  state: isOneOf('SENDING', 'SENT', 'FAILED'),
  attempt: isNumber,
  transportId: isMissingOr(isString),
  reason: isMissingOr(isString),
});
