import { windowTable } from '../commands/results';
import type { WindowRecord } from '../domain/counting/window-record';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';

export interface LiveTable {
  /** Prints a line that stays. */
  say(line: string): void;
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
  const clear = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\r\u001b[J`);
  const table = (): string => {
    const lines = ['', ...windowTable(lastWindows(windows()))];
    drawn = lines.length;
    return `${lines.join('\n')}\n`;
  };
  const timer = setInterval(() => io.out.write(clear() + table()), REDRAW_MS);
  return {
    say: (line) => {
      const shown = `${clear()}${escapeControls(line)}\n`;
      io.out.write(shown + table());
    },
    stop: () => {
      clearInterval(timer);
      io.out.write(clear() + table());
    },
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
