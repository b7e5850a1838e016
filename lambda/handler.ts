import { createSsmCommandRunner } from '../src/adapters/aws/ssm-command-runner';
import { encodeSignal } from '../src/ingestion/signal/encoding';
import { signalsOf } from '../src/ingestion/signal/s3-event';
import { isTelltaleError, TelltaleError } from '../src/errors';
import type { CommandRunner } from '../src/ports/command-runner';

/** The part of a logger that the handler needs. */
export interface HandlerLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

/** The result of one event. */
export interface HandlerResult {
  readonly sent: number;
  readonly ignored: number;
}

/**
 * Turns an S3 event into one command per created object. A record that fails does not stop the others. The whole event
 * then fails, so that Lambda tries it again: signals may be repeated (`signals-are-hints`).
 */
export function createHandler(runner: CommandRunner, log: HandlerLog): (event: unknown) => Promise<HandlerResult> {
  return async (event) => {
    const { signals, ignored } = signalsOf(event);
    for (const { reason } of ignored) log.info('ignored', { reason });

    let sent = 0;
    let unsendable = 0;
    const failures: unknown[] = [];
    for (const signal of signals) {
      try {
        const commandId = await runner.send(encodeSignal(signal));
        log.info('signal sent', { bucket: signal.bucket, key: signal.key, commandId });
        sent += 1;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn('signal not sent', { bucket: signal.bucket, key: signal.key, reason });
        // A key that is too long to send stays too long. The next listing of the bucket finds the object.
        if (isTelltaleError(error, 'BAD_SIGNAL')) unsendable += 1;
        else failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw new TelltaleError('COMMAND_FAILED', `${failures.length} of ${signals.length} signals could not be sent.`, {
        cause: failures[0],
      });
    }
    return { sent, ignored: ignored.length + unsendable };
  };
}

let handle: ReturnType<typeof createHandler> | undefined;

/**
 * The function that AWS calls. Reads its environment at the first event, so that a missing variable shows as a failed
 * event.
 */
export async function handler(event: unknown): Promise<HandlerResult> {
  handle ??= createHandler(
    createSsmCommandRunner({
      instanceId: environment('TELLTALE_INSTANCE_ID'),
      document: environment('TELLTALE_DOCUMENT'),
    }),
    jsonLog,
  );
  return handle(event);
}

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new TelltaleError(
      'CONFIG',
      `The environment variable ${name} is missing: set it in the function's configuration.`,
    );
  }
  return value;
}

/** Logs one JSON object per line for CloudWatch Logs. JSON escapes hostile keys. */
const jsonLog: HandlerLog = {
  info: (message, fields) => console.log(JSON.stringify({ level: 'info', message, ...fields })),
  warn: (message, fields) => console.log(JSON.stringify({ level: 'warn', message, ...fields })),
};
