import { escapeControls } from '../../escape-controls';
import { pluralize } from '../../pluralize';
import type { WindowRecord } from './counting/window-record';

/** Windows as a table for a terminal, in the order given. */
export function windowTable(windows: readonly WindowRecord[]): string[] {
  const width = Math.min(30, Math.max(6, ...windows.map(({ origin }) => escapeControls(origin).length)));
  const row = (origin: string, start: string, figures: readonly (string | number)[], end: string): string =>
    `${escapeControls(origin).slice(0, width).padEnd(width)}  ${start.padEnd(20)}${figures.map((figure) => String(figure).padStart(8)).join('')}  ${end}`;
  return [
    row('host', 'window (UTC)', ['error', 'warn', 'info', 'debug', 'other', 'lines'], ''),
    ...windows.map((window) => {
      const { origin, windowStart, counts, continuation, unparsed, lines } = window;
      return row(
        origin,
        readable(windowStart),
        [counts.error, counts.warn, counts.info, counts.debug, counts.none + continuation + unparsed, lines],
        endOf(window),
      ).trimEnd();
    }),
  ];
}

/** Names what a window counts besides its lines: otherwise a window of repeated lines would be a row of zeros. */
function endOf({ complete, again, expired, gaps }: WindowRecord): string {
  return [
    complete ? 'complete' : 'open',
    ...(again === 0 ? [] : [`${again} repeated`]),
    ...(expired === 0 ? [] : [`${expired} expired`]),
    ...(gaps === 0 ? [] : [pluralize(gaps, 'possible gap')]),
  ].join(', ');
}

/** An ISO 8601 time in UTC, for a column that says so. */
export function readable(time: string): string {
  return time.replace('T', ' ').replace(/(\.000)?Z$/, '');
}
