import { createSsmCommandRunner, type TargetTag } from '../src/adapters/aws/ssm-command-runner';
import { encodeBatch } from '../src/ingestion/signal/encoding';
import { arrivalsOf, type Arrival } from '../src/ingestion/signal/s3-event';
import { TelltaleError } from '../src/errors';
import type { CommandRunner } from '../src/ports/command-runner';

/** The part of a logger that the handler needs. */
export interface HandlerLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

/** The result of one event. */
export interface HandlerResult {
  /** Commands. */
  readonly sent: number;
  /** Keys that they name, without repeats. */
  readonly keys: number;
  /** Parts of the event that announce no object. */
  readonly ignored: number;
}

/**
 * Sends one command for each bucket of an event: usually one for the whole batch. If it cannot be sent, the event fails, and
 * its queue delivers it again: signals may be repeated (`signals-are-hints`). Parts that no retry would mend are logged,
 * counted and done with.
 */
export function createHandler(runner: CommandRunner, log: HandlerLog): (event: unknown) => Promise<HandlerResult> {
  return async (event) => {
    const { arrivals, ignored } = arrivalsOf(event);
    for (const [reason, records] of tally(ignored.map((each) => each.reason))) log.info('ignored', { reason, records });
    let keys = 0;
    const byBucket = keysByBucket(arrivals);
    for (const [bucket, ofBucket] of byBucket) {
      const commandId = await send(runner, bucket, ofBucket, log);
      keys += ofBucket.size;
      log.info('signal sent', { bucket, keys: ofBucket.size, commandId });
    }
    const result = { sent: byBucket.size, keys, ignored: ignored.length };
    log.info('done', { ...result, _aws: figures });
    return result;
  };
}

async function send(
  runner: CommandRunner,
  bucket: string,
  keys: ReadonlySet<string>,
  log: HandlerLog,
): Promise<string> {
  try {
    return await runner.send(encodeBatch(bucket, [...keys]));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn('signal not sent', { bucket, keys: keys.size, reason });
    const message = `The signal for ${keys.size} objects of ${bucket} could not be sent: ${reason}`;
    throw new TelltaleError('COMMAND_FAILED', message, { cause: error });
  }
}

function keysByBucket(arrivals: readonly Arrival[]): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, Set<string>>();
  for (const { bucket, key } of arrivals) {
    const known = keys.get(bucket);
    if (known === undefined) keys.set(bucket, new Set([key]));
    else known.add(key);
  }
  return keys;
}

function tally(reasons: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** The embedded metric format of CloudWatch Logs: which fields of the log line are figures. */
const figures = {
  CloudWatchMetrics: [
    {
      Namespace: 'Telltale',
      Dimensions: [[]],
      Metrics: [
        { Name: 'sent', Unit: 'Count' },
        { Name: 'keys', Unit: 'Count' },
        { Name: 'ignored', Unit: 'Count' },
      ],
    },
  ],
};

let handle: ReturnType<typeof createHandler> | undefined;

/**
 * The function that AWS calls. Reads its environment at the first event, so that a missing variable shows as a failed
 * event.
 */
export async function handler(event: unknown): Promise<HandlerResult> {
  handle ??= createHandler(
    createSsmCommandRunner({
      document: environment('TELLTALE_DOCUMENT'),
      target: tagOf(environment('TELLTALE_TARGET_TAG')),
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

function tagOf(text: string): TargetTag {
  const [, key, value] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (key !== undefined && value !== undefined) return { key, value };
  throw new TelltaleError('CONFIG', `TELLTALE_TARGET_TAG has to be KEY=VALUE, such as telltale:signals=prod.`);
}

/** Logs one JSON object per line for CloudWatch Logs. JSON escapes hostile keys. */
const jsonLog: HandlerLog = {
  info: (message, fields) => write('info', message, fields),
  warn: (message, fields) => write('warn', message, fields),
};

/** Figures are only read where `_aws` is an object with the time of the line. */
function write(level: string, message: string, { _aws: metrics, ...fields }: { readonly _aws?: object } = {}): void {
  const figuresOfLine = metrics === undefined ? {} : { _aws: { Timestamp: Date.now(), ...metrics } };
  process.stdout.write(`${JSON.stringify({ level, message, ...fields, ...figuresOfLine })}\n`);
}
