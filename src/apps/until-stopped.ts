import { TelltaleError } from '../errors';
import type { Io } from '../io';
import type { EventLog } from '../ports/event-log';

/** Reports that a part has failed permanently. */
export type OnFailure = (what: string, error: Error) => void;

/**
 * Starts a program, keeps it running until the user stops it or one of its parts fails permanently, then drains it and closes
 * the event log, within `shutdownTimeout`. The last log event names the work that is left for the next start.
 * @param start starts the program; returns a function that drains it in steps of `io.shutdown`
 * @returns the exit code: 0 when it was stopped and drained; 1 when it failed, or was not drained in time
 */
export async function untilStopped(
  io: Io,
  log: EventLog,
  start: (onFailure: OnFailure) => Promise<() => Promise<void>>,
): Promise<number> {
  const { shutdown } = io;
  let exitCode = 0;
  try {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const drain = await start((what, error) => {
      io.log.error(`${what} failed permanently; stopping: ${error.message}`, { error });
      exitCode = 1;
      end();
    });
    io.stop.addEventListener('abort', end, { once: true });
    if (io.stop.aborted) end();
    await ended;
    shutdown.begin();
    await drain();
  } finally {
    shutdown.begin();
    await shutdown.step('the event log is not closed', 1 - RESERVE, () => log.close());
  }
  reportEnd(io);
  return shutdown.isIncomplete ? 1 : exitCode;
}

/** Share of the remaining time that is left for the process to end by itself. */
const RESERVE = 0.25;

/** The last log event of a program. */
export function reportEnd({ log, shutdown }: Io): void {
  const { left } = shutdown;
  if (left.length === 0) log.info('stopped');
  else log.warn(`stopped; left for the next start: ${left.join('; ')}`, { left });
}

/**
 * Runs work that ends by itself, unless a part fails permanently or the user stops it first.
 * @throws the error of a failed part; STOPPED
 */
export async function unlessStopped<T>(io: Io, work: (onFailure: OnFailure) => Promise<T>): Promise<T> {
  let onAbort: () => void = () => undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      onAbort = () => reject(new TelltaleError('STOPPED', 'stopped before all was read'));
      io.stop.addEventListener('abort', onAbort, { once: true });
      if (io.stop.aborted) onAbort();
      else work((_, error) => reject(error)).then(resolve, reject);
    });
  } finally {
    io.stop.removeEventListener('abort', onAbort);
  }
}
