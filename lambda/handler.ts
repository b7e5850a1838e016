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

/** What became of one event. */
export interface HandlerResult {
  readonly sent: number;
  readonly ignored: number;
}

/**
 * S3 event in, one command for each created object out. A record that fails does not keep the others from going; then
 * the whole event fails, so that Lambda tries it again: signals may be repeated.
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
        // A key too long to travel stays so however often it is tried; the next listing of the bucket finds the object.
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

/** What AWS calls. Reads its environment at the first event, so that a missing variable shows as a failed event. */
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

/** One JSON object a line, as CloudWatch Logs reads it; JSON escapes what a hostile key may hold. */
const jsonLog: HandlerLog = {
  info: (message, fields) => console.log(JSON.stringify({ level: 'info', message, ...fields })),
  warn: (message, fields) => console.log(JSON.stringify({ level: 'warn', message, ...fields })),
};
