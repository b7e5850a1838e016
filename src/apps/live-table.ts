import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import type { Logger } from '../log';
import type { View } from '../stream/view';

export interface LiveTable {
  /** Prints a line that stays. */
  say(line: string): void;
  /** The log to use while the table is drawn: on a terminal, both share one place. */
  readonly log: Logger;
  stop(): void;
}

const REDRAW_MS = 1_000;

/**
 * On a terminal, shows the tables of the views below the printed lines, and draws them again every second. Elsewhere,
 * prints their complete rows.
 */
export function startLiveTable(io: Io, views: readonly View[]): LiveTable {
  return io.terminal ? drawnTable(io, views) : printedRows(io, views);
}

function drawnTable(io: Io, views: readonly View[]): LiveTable {
  let drawn = 0;
  // Up to the table's first line, and clear from there on.
  const clear = (): string => {
    const sequence = drawn === 0 ? '' : `\u001b[${drawn}A\r\u001b[J`;
    drawn = 0;
    return sequence;
  };
  // Without wrapping: on a narrow terminal a row is cut, and stays one line.
  const table = (): string => {
    const lines = views.flatMap((view) => ['', ...view.table()]);
    drawn = lines.length;
    return `\u001b[?7l${lines.join('\n')}\n\u001b[?7h`;
  };
  // "stopping" was logged below the table. Both stay, and the last drawing goes below them.
  io.stop.addEventListener('abort', () => (drawn = 0), { once: true });
  const draw = (): void => {
    const said = views.flatMap((view) => view.news().messages).map((line) => `${escapeControls(line)}\n`);
    io.out.write(clear() + said.join('') + table());
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    say: (line) => void io.out.write(`${clear()}${escapeControls(line)}\n${table()}`),
    // A line takes the table's place; the next drawing is below it.
    log: before(() => void io.out.write(clear()), io.log),
    stop: () => {
      clearInterval(timer);
      draw();
    },
  };
}

/** A log that calls `before` ahead of each line. */
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
    // The table and the lines above it already show what actors log when all is well.
    info: (message, fields) => {
      if (fields?.['actor'] === undefined) write('info')(message, fields);
      else log.debug(message, fields);
    },
    // Shown only with --verbose. The table then does not stay in place.
    debug: (...line) => log.debug(...line),
    child: (fields) => before(act, log.child(fields)),
  };
}

function printedRows(io: Io, views: readonly View[]): LiveTable {
  const say = (line: string): void => void io.out.write(`${escapeControls(line)}\n`);
  const print = (): void => {
    for (const { messages, rows } of views.map((view) => view.news())) {
      messages.forEach(say);
      rows.forEach(say);
    }
  };
  const timer = setInterval(print, REDRAW_MS);
  return {
    say,
    log: io.log,
    stop: () => {
      clearInterval(timer);
      print();
    },
  };
}
