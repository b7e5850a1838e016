/** Source of signals: the process. */
export interface SignalSource {
  on(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/**
 * `npm run` forwards a Ctrl-C that the terminal already sent to every process: the same signal twice within this time
 * counts once. People do not press a key twice that fast.
 */
const echoMs = 200;

/**
 * The first SIGINT or SIGTERM aborts the returned signal, the second calls `giveUp`.
 * @param now monotonic milliseconds
 */
export function stopOnSignals(source: SignalSource, now: () => number, giveUp: () => void): AbortSignal {
  const stop = new AbortController();
  let first: { readonly name: string; readonly at: number } | null = null;
  const onSignal = (name: string): void => {
    if (first === null) {
      first = { name, at: now() };
      stop.abort();
    } else if (name !== first.name || now() - first.at > echoMs) {
      giveUp();
    }
  };
  source.on('SIGINT', () => onSignal('SIGINT'));
  source.on('SIGTERM', () => onSignal('SIGTERM'));
  return stop.signal;
}
