import type { OutputRecord } from './job';
import { isListOf, isMissingOr, isNumber, isObjectOf, isOneOf, isString, parseJson } from './shape';
import { targetName, targetNamed, type Target } from './target';

/**
 * The records of an outbox. A job writes `<id>/<kind>`: a message. The delivery writes
 * `<id>/<receiver>[/<address>]/status`: how the delivery to this target stands or ended. `<id>/status` is about all targets:
 * earlier versions, which had one receiver, wrote it, and a repair writes it. A repair also writes `repair/quiet`.
 */

/** The value of a record with key `<id>/<target>/status` or `<id>/status`. */
export interface DeliveryStatus {
  readonly v: 1;
  readonly id: string;
  /** The name of the target; missing when the status is about all targets. */
  readonly target?: string;
  /**
   * Names of all targets of the message, as they were decided when it was taken up: a receiver that is configured later does
   * not get it.
   */
  readonly targets?: readonly string[];
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
  const { id, target } = status;
  return {
    key: Buffer.from(target === undefined ? `${id}/status` : `${id}/${target}/status`, 'utf8'),
    value: Buffer.from(JSON.stringify(status), 'utf8'),
    timestamp: now,
  };
}

/** The parts of an outbox record's key. An id has no slash. */
export interface OutboxKey {
  readonly id: string;
  /** `status`, or the kind of a message. */
  readonly kind: string;
  /** Only of a status about one target. */
  readonly target: Target | null;
}

export function parseOutboxKey(key: Buffer): OutboxKey {
  const [id = '', ...parts] = key.toString('utf8').split('/');
  if (parts.length < 2 || parts.at(-1) !== 'status') return { id, kind: parts.join('/'), target: null };
  return { id, kind: 'status', target: targetNamed(parts.slice(0, -1).join('/')) };
}

/** Null when the value is not a status of this key that this version understands. */
export function parseStatus(value: Buffer, { id, target }: Pick<OutboxKey, 'id' | 'target'>): DeliveryStatus | null {
  const status = parseJson(value, isDeliveryStatus);
  const named = target === null ? undefined : targetName(target);
  return status?.id === id && status.target === named ? status : null;
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
  target: isMissingOr(isString),
  targets: isMissingOr(isListOf(isString)),
  state: isOneOf('SENDING', 'SENT', 'FAILED'),
  attempt: isNumber,
  transportId: isMissingOr(isString),
  reason: isMissingOr(isString),
});
