import type { Logger } from './log';
import type { Shutdown } from './shutdown';

/** The outputs of a command or program: results go to `out`, everything else to the log (standard error). */
export interface Io {
  /** Standard output. */
  readonly out: NodeJS.WritableStream;
  /** True when standard output is a terminal, where a live table may be drawn. */
  readonly terminal: boolean;
  readonly log: Logger;
  /** Aborted by the first Ctrl-C or SIGTERM: then drain and return. A second one ends the process. */
  readonly stop: AbortSignal;
  /** Begins at the stop, or when a part fails permanently; bounds everything after it. */
  readonly shutdown: Shutdown;
}
