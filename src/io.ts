import type { Logger } from './log';

/** What a command or program talks to: results go to `out`, everything else to the log (standard error). */
export interface Io {
  /** Standard output. */
  readonly out: NodeJS.WritableStream;
  /** Is standard output a terminal (a live table may be drawn)? */
  readonly terminal: boolean;
  readonly log: Logger;
  /** Aborted by the first Ctrl-C or SIGTERM: drain and return. A second one ends the process. */
  readonly stop: AbortSignal;
}
