import { TelltaleError } from '../../errors';

/** How to react to a failed request. */
export type Remedy =
  /** The broker is busy with the last step: ask again soon, on the same connection. */
  | 'wait'
  /** Leaders, coordinators or connections have changed: look them up again, and ask again. */
  | 'reconnect'
  /** Asking again changes nothing. */
  | 'none';

/** Kafka's error codes that this adapter decides by. Others are reported as they are. */
export const brokerErrors = {
  OFFSET_OUT_OF_RANGE: { code: 1, remedy: 'none' },
  UNKNOWN_TOPIC_OR_PARTITION: { code: 3, remedy: 'none' },
  LEADER_NOT_AVAILABLE: { code: 5, remedy: 'reconnect' },
  NOT_LEADER_OR_FOLLOWER: { code: 6, remedy: 'reconnect' },
  REQUEST_TIMED_OUT: { code: 7, remedy: 'reconnect' },
  REPLICA_NOT_AVAILABLE: { code: 9, remedy: 'reconnect' },
  MESSAGE_TOO_LARGE: { code: 10, remedy: 'none' },
  NETWORK_EXCEPTION: { code: 13, remedy: 'reconnect' },
  COORDINATOR_LOAD_IN_PROGRESS: { code: 14, remedy: 'wait' },
  COORDINATOR_NOT_AVAILABLE: { code: 15, remedy: 'reconnect' },
  NOT_COORDINATOR: { code: 16, remedy: 'reconnect' },
  NOT_ENOUGH_REPLICAS: { code: 19, remedy: 'wait' },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: { code: 20, remedy: 'wait' },
  ILLEGAL_GENERATION: { code: 22, remedy: 'none' },
  INCONSISTENT_GROUP_PROTOCOL: { code: 23, remedy: 'none' },
  UNKNOWN_MEMBER_ID: { code: 25, remedy: 'none' },
  REBALANCE_IN_PROGRESS: { code: 27, remedy: 'none' },
  TOPIC_AUTHORIZATION_FAILED: { code: 29, remedy: 'none' },
  GROUP_AUTHORIZATION_FAILED: { code: 30, remedy: 'none' },
  CLUSTER_AUTHORIZATION_FAILED: { code: 31, remedy: 'none' },
  UNSUPPORTED_SASL_MECHANISM: { code: 33, remedy: 'none' },
  UNSUPPORTED_VERSION: { code: 35, remedy: 'none' },
  TOPIC_ALREADY_EXISTS: { code: 36, remedy: 'none' },
  NOT_CONTROLLER: { code: 41, remedy: 'reconnect' },
  DUPLICATE_SEQUENCE_NUMBER: { code: 46, remedy: 'none' },
  INVALID_PRODUCER_EPOCH: { code: 47, remedy: 'none' },
  INVALID_TRANSACTION_TIMEOUT: { code: 50, remedy: 'none' },
  CONCURRENT_TRANSACTIONS: { code: 51, remedy: 'wait' },
  TRANSACTION_COORDINATOR_FENCED: { code: 52, remedy: 'none' },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: { code: 53, remedy: 'none' },
  KAFKA_STORAGE_ERROR: { code: 56, remedy: 'reconnect' },
  SASL_AUTHENTICATION_FAILED: { code: 58, remedy: 'none' },
  FENCED_LEADER_EPOCH: { code: 74, remedy: 'reconnect' },
  UNKNOWN_LEADER_EPOCH: { code: 75, remedy: 'reconnect' },
  OFFSET_NOT_AVAILABLE: { code: 78, remedy: 'wait' },
  INVALID_RECORD: { code: 87, remedy: 'none' },
  PRODUCER_FENCED: { code: 90, remedy: 'none' },
} as const satisfies Record<string, { code: number; remedy: Remedy }>;

export type BrokerErrorName = keyof typeof brokerErrors;

const byCode = new Map<number, { name: string; remedy: Remedy }>(
  Object.entries(brokerErrors).map(([name, { code, remedy }]) => [code, { name, remedy }]),
);

/**
 * A broker's answer that is an error.
 * Numbers: https://kafka.apache.org/protocol#protocol_error_codes
 */
export class BrokerError extends Error {
  constructor(
    readonly code: number,
    what: string,
    { detail = '', cause }: { detail?: string; cause?: unknown } = {},
  ) {
    const name = byCode.get(code)?.name ?? 'see the Kafka protocol';
    const message = `${what}: the broker answered with error ${code} (${name})`;
    super(detail === '' ? message : `${message}: ${detail}`, cause === undefined ? undefined : { cause });
  }
}

export function throwIfFailed(code: number, what: string): void {
  if (code !== 0) throw new BrokerError(code, what);
}

/** Why there is no connection, or no more. */
export type ConnectionFault =
  /** It broke, or was not made in time. */
  | 'broken'
  /** The broker does not know this user, or not with this password or token. */
  | 'credentials'
  /** There is no encrypted connection, and another try changes nothing. */
  | 'certificate';

export class ConnectionError extends Error {
  constructor(
    readonly fault: ConnectionFault,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** Whether a broker answered with one of these errors; `eventLogError` may have worded it since. */
export function isBrokerError(error: unknown, ...names: readonly BrokerErrorName[]): boolean {
  if (error instanceof TelltaleError) return isBrokerError(error.cause, ...names);
  return error instanceof BrokerError && names.some((name) => brokerErrors[name].code === error.code);
}

export function remedyOf(error: unknown): Remedy {
  if (error instanceof BrokerError) return byCode.get(error.code)?.remedy ?? 'none';
  if (error instanceof ConnectionError) return error.fault === 'broken' ? 'reconnect' : 'none';
  // An unknown error: kafkajs throws plain ones, too, and an answer out of place cannot be parsed.
  return error instanceof TelltaleError ? 'none' : 'reconnect';
}

/** Whether the connections, and the metadata that came over them, must not be used again after an error. */
export function spendsConnections(error: unknown): boolean {
  if (!(error instanceof BrokerError)) return true;
  return remedyOf(error) === 'reconnect' || isBrokerError(error, 'UNKNOWN_TOPIC_OR_PARTITION');
}

/** The broker gives one error for two cases: a newer writer fenced this one, or the broker ended its transaction. */
export function isFenced(error: unknown): boolean {
  return isBrokerError(error, 'INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED');
}

/** The error that the user reads. */
export function eventLogError(cause: unknown, what: string): TelltaleError {
  if (cause instanceof TelltaleError) return cause;
  const reason = reasonOf(cause);
  if (isBrokerError(cause, 'UNKNOWN_TOPIC_OR_PARTITION')) {
    return new TelltaleError('UNKNOWN_TOPIC', `${what}: there is no such topic or partition.`, { cause });
  }
  if (isBrokerError(cause, 'MESSAGE_TOO_LARGE')) {
    return new TelltaleError('BATCH_TOO_LARGE', `${what}: ${reason}; write smaller batches.`, { cause });
  }
  if (isBrokerError(cause, 'INVALID_RECORD'))
    return new TelltaleError('CORRUPT_BATCH', `${what}: ${reason}.`, { cause });
  if (isBrokerError(cause, 'UNSUPPORTED_VERSION')) {
    const message = `${what}: the broker is too old. Use Apache Kafka 2.4 or newer.`;
    return new TelltaleError('EVENT_LOG_UNSUPPORTED', message, { cause });
  }
  if (isBrokerError(cause, 'INCONSISTENT_GROUP_PROTOCOL')) {
    const message = `${what}: a program that is not Telltale is a member of it. End that program, or give it another group.`;
    return new TelltaleError('EVENT_LOG', message, { cause });
  }
  if (isMissingRight(cause)) return denied(what, reason, cause);
  if (areCredentialsRefused(cause)) {
    const fix = 'check mechanism, username and password under eventLog.kafka.sasl';
    return new TelltaleError('EVENT_LOG_DENIED', `${what}: ${reason}; ${fix}.`, { cause });
  }
  if (cause instanceof ConnectionError && cause.fault === 'certificate') {
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

function isMissingRight(error: unknown): boolean {
  return isBrokerError(
    error,
    'TOPIC_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  );
}

function areCredentialsRefused(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.fault === 'credentials';
  return isBrokerError(error, 'UNSUPPORTED_SASL_MECHANISM', 'SASL_AUTHENTICATION_FAILED');
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
}
