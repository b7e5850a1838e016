import { TelltaleError } from '../errors';
import type { Io } from '../io';

/** Reports that a part has failed permanently. */
export type OnFailure = (what: string, error: Error) => void;

/**
 * Starts a program, keeps it running until the user stops it or one of its parts fails permanently, then drains it.
 * @param start starts the program; returns a function that drains it
 * @returns the exit code: 0 when it was stopped, 1 when it failed
 */
export async function untilStopped(
  io: Io,
  start: (onFailure: OnFailure) => Promise<() => Promise<void>>,
): Promise<number> {
  let exitCode = 0;
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
  await drain();
  return exitCode;
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
