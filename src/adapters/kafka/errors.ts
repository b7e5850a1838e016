import { KafkaJSAggregateError } from 'kafkajs';

import { TelltaleError } from '../../errors';

/** What can be done about a failed request. */
export type Remedy =
  /** The broker is busy with the last step: ask again soon, on the same connection. */
  | 'wait'
  /** Leaders, coordinators or connections have changed: look anew, and ask again. */
  | 'reconnect'
  /** Asking again changes nothing. */
  | 'none';

/** An answer of the broker that is an error, as read by us or by kafkajs. Numbers: https://kafka.apache.org/protocol#protocol_error_codes */
export class BrokerError extends Error {
  constructor(
    readonly code: number,
    what: string,
  ) {
    super(
      `${what}: the broker answered with error ${code} (${brokerErrors.get(code)?.name ?? 'see the Kafka protocol'})`,
    );
  }
}

/** The broker does not take a token. */
export class TokenRefusedError extends Error {
  /** For kafkajs, which would send the next one. */
  readonly retriable = false;
}

const brokerErrors: ReadonlyMap<number, { name: string; remedy: Remedy }> = new Map(
  Object.entries({
    1: ['OFFSET_OUT_OF_RANGE', 'none'],
    3: ['UNKNOWN_TOPIC_OR_PARTITION', 'none'],
    5: ['LEADER_NOT_AVAILABLE', 'reconnect'],
    6: ['NOT_LEADER_OR_FOLLOWER', 'reconnect'],
    7: ['REQUEST_TIMED_OUT', 'reconnect'],
    9: ['REPLICA_NOT_AVAILABLE', 'reconnect'],
    10: ['MESSAGE_TOO_LARGE', 'none'],
    13: ['NETWORK_EXCEPTION', 'reconnect'],
    14: ['COORDINATOR_LOAD_IN_PROGRESS', 'wait'],
    15: ['COORDINATOR_NOT_AVAILABLE', 'reconnect'],
    16: ['NOT_COORDINATOR', 'reconnect'],
    19: ['NOT_ENOUGH_REPLICAS', 'wait'],
    20: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'wait'],
    22: ['ILLEGAL_GENERATION', 'none'],
    25: ['UNKNOWN_MEMBER_ID', 'none'],
    27: ['REBALANCE_IN_PROGRESS', 'none'],
    29: ['TOPIC_AUTHORIZATION_FAILED', 'none'],
    30: ['GROUP_AUTHORIZATION_FAILED', 'none'],
    31: ['CLUSTER_AUTHORIZATION_FAILED', 'none'],
    33: ['UNSUPPORTED_SASL_MECHANISM', 'none'],
    35: ['UNSUPPORTED_VERSION', 'none'],
    36: ['TOPIC_ALREADY_EXISTS', 'none'],
    46: ['DUPLICATE_SEQUENCE_NUMBER', 'none'],
    47: ['INVALID_PRODUCER_EPOCH', 'none'],
    51: ['CONCURRENT_TRANSACTIONS', 'wait'],
    52: ['TRANSACTION_COORDINATOR_FENCED', 'none'],
    53: ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'none'],
    56: ['KAFKA_STORAGE_ERROR', 'reconnect'],
    58: ['SASL_AUTHENTICATION_FAILED', 'none'],
    74: ['FENCED_LEADER_EPOCH', 'reconnect'],
    75: ['UNKNOWN_LEADER_EPOCH', 'reconnect'],
    78: ['OFFSET_NOT_AVAILABLE', 'wait'],
    87: ['INVALID_RECORD', 'none'],
    90: ['PRODUCER_FENCED', 'none'],
  } satisfies Record<number, readonly [string, Remedy]>).map(([code, [name, remedy]]) => [
    Number(code),
    { name, remedy },
  ]),
);

/** The broker's error code behind an error of ours or of kafkajs; null when the broker did not answer. */
export function brokerCode(error: unknown): number | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof BrokerError) return cause.code;
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code === 'number') return code;
    const [first]: unknown[] = cause instanceof KafkaJSAggregateError ? cause.errors : [];
    if (first !== undefined) return brokerCode(first);
  }
  return null;
}

export function remedyOf(error: unknown): Remedy {
  if (error instanceof TelltaleError) return 'none';
  const code = brokerCode(error);
  if (code !== null) return brokerErrors.get(code)?.remedy ?? 'none';
  const isOfKafkajs = error instanceof Error && error.name.startsWith('KafkaJS');
  return isOfKafkajs && !isDenied(error) && tlsFault(error) === null ? 'reconnect' : 'none';
}

/** Another writer of the same transactional id was opened, or the broker ended the transaction: it says the same. */
export function isFenced(error: unknown): boolean {
  const code = brokerCode(error);
  return code === 47 || code === 90;
}

export function isUnknownTopic(error: unknown): boolean {
  return brokerCode(error) === 3;
}

export const TOPIC_AUTHORIZATION_FAILED = 29;

export function isTopicDenied(error: unknown): boolean {
  return brokerCode(error) === TOPIC_AUTHORIZATION_FAILED;
}

/** The group waits for its members to join again. */
export function isRebalancing(error: unknown): boolean {
  return brokerCode(error) === 27;
}

/** The group has moved on without this member. */
export function isUnknownMember(error: unknown): boolean {
  return brokerCode(error) === 25;
}

/** What the user reads. */
export function eventLogError(cause: unknown, what: string): TelltaleError {
  if (cause instanceof TelltaleError) return cause;
  const reason = reasonOf(cause);
  const code = brokerCode(cause);
  if (code === 3) return new TelltaleError('UNKNOWN_TOPIC', `${what}: there is no such topic or partition.`, { cause });
  if (code === 10) return new TelltaleError('BATCH_TOO_LARGE', `${what}: ${reason}; write smaller batches.`, { cause });
  if (code === 87) return new TelltaleError('CORRUPT_BATCH', `${what}: ${reason}.`, { cause });
  if (code === 35) return new TelltaleError('EVENT_LOG_UNSUPPORTED', `${what}: the broker is too old.`, { cause });
  if (code === TOPIC_AUTHORIZATION_FAILED || code === 30 || code === 31 || code === 53)
    return denied(what, reason, cause);
  if (code === 33 || code === 58 || isDenied(cause)) {
    const fix = 'check mechanism, username and password under eventLog.kafka.sasl';
    return new TelltaleError('EVENT_LOG_DENIED', `${what}: ${reason}; ${fix}.`, { cause });
  }
  if (tlsFault(cause) !== null) {
    const fix =
      'check ca, cert and key under eventLog.kafka.tls, and that the names of the brokers are those of their certificates';
    return new TelltaleError('EVENT_LOG_DENIED', `${what}: ${reason}; ${fix}.`, { cause });
  }
  return new TelltaleError('EVENT_LOG', `${what}: ${reason}.`, { cause });
}

/** A right is missing. */
export function denied(what: string, reason: string, cause?: unknown): TelltaleError {
  const fix = 'give its user the rights that docs/kafka.md lists';
  return new TelltaleError('EVENT_LOG_DENIED', `${what}: ${reason}; ${fix}.`, { cause });
}

/** The broker does not know this user, or not with this password. */
function isDenied(error: unknown): boolean {
  return causesOf(error).some(
    (cause) => cause instanceof TokenRefusedError || cause.name === 'KafkaJSSASLAuthenticationError',
  );
}

/**
 * Why no encrypted connection is made, where another try changes nothing: OpenSSL's name of what is wrong with a
 * certificate, or Node's of what is wrong with the handshake. Null when it is something else.
 * Source of the names: https://nodejs.org/docs/latest-v20.x/api/tls.html#x509-certificate-error-codes
 */
function tlsFault(error: unknown): string | null {
  for (const cause of causesOf(error)) {
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code === 'string' && tlsFaults.test(code)) return code;
  }
  return null;
}

const tlsFaults =
  /^(UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_|CERT_|CRL_|ERROR_IN_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|ERR_TLS_|ERR_SSL_|ERR_OSSL_)/;

/** An error and what it came from. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause) causes.push(cause);
  return causes;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
}
