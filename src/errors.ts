/**
 * All errors that Telltale throws on purpose: one class and one table of codes.
 *
 * `retriable` is true when the same call may succeed later without any change.
 */
export const errorCodes = {
  // Wrong usage or configuration: exit code 2, one sentence that says what to do.
  USAGE: { exitCode: 2, retriable: false },
  CONFIG: { exitCode: 2, retriable: false },

  // The machine.
  FILE_NOT_FOUND: { exitCode: 1, retriable: false },
  FILE_UNREADABLE: { exitCode: 1, retriable: false },
  /** Standard output takes no more. */
  OUTPUT: { exitCode: 1, retriable: false },
  PORT_IN_USE: { exitCode: 1, retriable: false },
  DATA_FOLDER_IN_USE: { exitCode: 1, retriable: false },
  DATA_FOLDER: { exitCode: 1, retriable: false },
  DISK_FULL: { exitCode: 1, retriable: true },

  // Object store.
  OBJECT_NOT_FOUND: { exitCode: 1, retriable: false },
  /** The object has another ETag than If-Match (HTTP 412). */
  OBJECT_CHANGED: { exitCode: 1, retriable: true },
  OBJECT_KEY: { exitCode: 1, retriable: false },
  OBJECT_STORE: { exitCode: 1, retriable: true },
  /** Bytes that cannot be read as lines: the object goes to quarantine. */
  OBJECT_GZIP_CORRUPT: { exitCode: 1, retriable: false },
  OBJECT_GZIP_TRUNCATED: { exitCode: 1, retriable: false },
  /** Its decompressed size exceeds the allowed ratio. */
  OBJECT_GZIP_RATIO: { exitCode: 1, retriable: false },
  OBJECT_ZSTD_CORRUPT: { exitCode: 1, retriable: false },
  OBJECT_ZSTD_TRUNCATED: { exitCode: 1, retriable: false },
  OBJECT_ZSTD_RATIO: { exitCode: 1, retriable: false },
  /** It can only be decompressed with more memory than Telltale gives it. */
  OBJECT_ZSTD_WINDOW: { exitCode: 1, retriable: false },
  /** An encoding that Telltale does not read; the error's `reason` names it. */
  OBJECT_ENCODING: { exitCode: 1, retriable: false },
  /** Wrong, expired or missing credentials, a missing permission, or a wrong clock. */
  OBJECT_STORE_DENIED: { exitCode: 2, retriable: false },
  /** The bucket does not exist, or is in another region. */
  NO_SUCH_BUCKET: { exitCode: 2, retriable: false },

  // Event log.
  UNKNOWN_TOPIC: { exitCode: 1, retriable: false },
  TOPIC_MISMATCH: { exitCode: 2, retriable: false },
  OFFSET_OUT_OF_RANGE: { exitCode: 1, retriable: false },
  BATCH_TOO_LARGE: { exitCode: 1, retriable: false },
  CORRUPT_BATCH: { exitCode: 1, retriable: false },
  /** A part of the event log that cannot be done without is damaged. */
  EVENT_LOG_DAMAGED: { exitCode: 1, retriable: false },
  CORRUPT_CHECKPOINT: { exitCode: 1, retriable: false },
  /** A job cannot continue from its head: `telltale reset` it, or undo the change. */
  RESET_NEEDED: { exitCode: 2, retriable: false },
  /** A newer writer with the same transactional id exists: stop, or start over. */
  FENCED: { exitCode: 1, retriable: false },
  /** A reset would delete results that cannot be computed again. */
  RESULTS_WOULD_BE_LOST: { exitCode: 1, retriable: false },
  /** The transaction was certainly not committed. */
  TRANSACTION_ABORTED: { exitCode: 1, retriable: true },
  /** The answer to a commit was lost: open a new writer, which fences, and read the committed records. */
  COMMIT_OUTCOME_UNKNOWN: { exitCode: 1, retriable: false },
  CLOSED: { exitCode: 1, retriable: false },
  EVENT_LOG: { exitCode: 1, retriable: true },
  /** Wrong credentials, or a missing permission. */
  EVENT_LOG_DENIED: { exitCode: 2, retriable: false },
  /** The broker is too old, or has no transactions. */
  EVENT_LOG_UNSUPPORTED: { exitCode: 2, retriable: false },

  // Signals and commands.
  BAD_SIGNAL: { exitCode: 2, retriable: false },
  NO_PRODUCER: { exitCode: 1, retriable: true },
  COMMAND_REFUSED: { exitCode: 1, retriable: false },
  COMMAND_FAILED: { exitCode: 1, retriable: true },

  // Deliveries.
  DELIVERY_REFUSED: { exitCode: 1, retriable: false },
  DELIVERY_FAILED: { exitCode: 1, retriable: true },

  // Actors.
  ASK_TIMEOUT: { exitCode: 1, retriable: true },
  ACTOR_STOPPED: { exitCode: 1, retriable: false },
  HANDLER_TIMEOUT: { exitCode: 1, retriable: true },
  DRAIN_TIMEOUT: { exitCode: 1, retriable: true },

  /** The user interrupted it. */
  STOPPED: { exitCode: 1, retriable: true },

  /** A broken promise of Telltale: a bug, never bad input. */
  INTERNAL: { exitCode: 1, retriable: false },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/**
 * An error with a code from {@link errorCodes}. The message is one sentence for the person who reads it: it says the
 * fault, the place and the remedy.
 */
export class TelltaleError extends Error {
  override readonly name = 'TelltaleError';
  readonly code: ErrorCode;
  /** True when the same call may succeed later without any change. Defaults to the code's value. */
  readonly retriable: boolean;
  /** Distinguishes errors of one code, for code that must treat them differently; null for most codes. */
  readonly reason: string | null;
  /** The same call cannot succeed before this time has passed; null when that is unknown. */
  readonly retryAfterMs: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retriable?: boolean; reason?: string; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? errorCodes[code].retriable;
    this.reason = options.reason ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  /** Exit code of the process when this error ends it: 2 for wrong usage or configuration, else 1. */
  get exitCode(): 1 | 2 {
    return errorCodes[this.code].exitCode;
  }
}

/** Narrows an unknown thrown value to a {@link TelltaleError}, optionally of one code. */
export function isTelltaleError(error: unknown, code?: ErrorCode): error is TelltaleError {
  return error instanceof TelltaleError && (code === undefined || error.code === code);
}
