import { windowTable } from './results';
import type { WindowRecord } from '../pipelines/level-alerts/counting/window-record';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import type { Logger } from '../log';

export interface LiveTable {
  /** Prints a line that stays. */
  say(line: string): void;
  /** The log, for whoever works while the table is drawn: on a terminal both are in one place. */
  readonly log: Logger;
  stop(): void;
}

const REDRAW_MS = 1_000;
const ROWS = 12;

/**
 * Shows the last windows below what was said: drawn anew every second on a terminal; elsewhere a line for each window
 * that is complete.
 */
export function startLiveTable(io: Io, windows: () => readonly WindowRecord[]): LiveTable {
  return io.terminal ? drawnTable(io, windows) : printedWindows(io, windows);
}

function drawnTable(io: Io, windows: () => readonly WindowRecord[]): LiveTable {
  let drawn = 0;
  // Up to the table's first line, and clear from there on.
  const clear = (): string => {
    const sequence = drawn === 0 ? '' : `\u001b[${drawn}A\r\u001b[J`;
    drawn = 0;
    return sequence;
  };
  // Without wrapping: on a narrow terminal a row is cut, and stays one line.
  const table = (): string => {
    const lines = ['', ...windowTable(lastWindows(windows()))];
    drawn = lines.length;
    return `\u001b[?7l${lines.join('\n')}\n\u001b[?7h`;
  };
  // That it is stopping was logged below the table: both stay, and the last drawing is below them.
  io.stop.addEventListener('abort', () => (drawn = 0), { once: true });
  const timer = setInterval(() => io.out.write(clear() + table()), REDRAW_MS);
  return {
    say: (line) => void io.out.write(`${clear()}${escapeControls(line)}\n${table()}`),
    // A line takes the table's place; the next drawing is below it.
    log: before(() => void io.out.write(clear()), io.log),
    stop: () => {
      clearInterval(timer);
      io.out.write(clear() + table());
    },
  };
}

/** A log that does something before each line. */
function before(act: () => void, log: Logger): Logger {
  const write =
    (level: 'error' | 'warn' | 'info') =>
    (...line: Parameters<Logger['info']>): void => {
      act();
      log[level](...line);
    };
  return {
    error: write('error'),
    warn: write('warn'),
    // What actors tell when all is well, the table and the lines above it show already.
    info: (message, fields) => {
      if (fields?.['actor'] === undefined) write('info')(message, fields);
      else log.debug(message, fields);
    },
    // Shown only with --verbose, which is no place for a steady table.
    debug: (...line) => log.debug(...line),
    child: (fields) => before(act, log.child(fields)),
  };
}

function printedWindows(io: Io, windows: () => readonly WindowRecord[]): LiveTable {
  const printed = new Set<string>();
  let header = true;
  const timer = setInterval(() => {
    const complete = windows().filter((window) => window.complete && !printed.has(nameOf(window)));
    if (complete.length === 0) return;
    for (const window of complete) printed.add(nameOf(window));
    io.out.write(
      `${windowTable(lastWindows(complete))
        .slice(header ? 0 : 1)
        .join('\n')}\n`,
    );
    header = false;
  }, REDRAW_MS);
  return {
    say: (line) => void io.out.write(`${escapeControls(line)}\n`),
    log: io.log,
    stop: () => clearInterval(timer),
  };
}

function lastWindows(windows: readonly WindowRecord[]): WindowRecord[] {
  return [...windows]
    .sort((a, b) => Date.parse(a.windowStart) - Date.parse(b.windowStart) || (a.origin < b.origin ? -1 : 1))
    .slice(-ROWS);
}

function nameOf({ origin, windowStart }: WindowRecord): string {
  return `${windowStart} ${origin}`;
}
