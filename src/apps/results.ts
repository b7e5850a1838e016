import type { Config } from '../config';
import type { MailReport, Transition } from '../pipelines/level-alerts/alerting/mail-report';
import type { LevelCounts, WindowRecord } from '../pipelines/level-alerts/counting/window-record';
import { alertSummaryOf } from '../pipelines/level-alerts/mail/alert-summary';
import { counted, plural } from './counted';
import { escapeControls } from '../escape-controls';

/** A mail that a rule asks for, as `replay` and `local --once` print it. */
export interface DecidedMail {
  readonly report: MailReport;
  readonly subject: string;
  readonly to: readonly string[];
}

/** What is printed of a report: with the subject that its mail has. */
export function asDecided(report: MailReport, config: Config): DecidedMail {
  return { report, subject: alertSummaryOf(report).subject, to: config.mail.to };
}

/** What `replay` and `local --once` find out about the same files: the same. */
export interface Results {
  /** Final revisions, in any order. */
  readonly windows: readonly WindowRecord[];
  readonly mails: readonly DecidedMail[];
  /** Bytes of content that was read, decompressed. */
  readonly bytes: number;
  /** Breached windows of rules, mailed or not. */
  readonly breaches: number;
}

/** Lines to print: windows in order of origin and start, mails, and a summary; JSON is one object a line. */
export function resultLines(results: Results, json: boolean): string[] {
  const windows = [...results.windows].sort(
    (a, b) => compare(a.origin, b.origin) || compare(Date.parse(a.windowStart), Date.parse(b.windowStart)),
  );
  const mails = [...results.mails].sort(
    ({ report: a }, { report: b }) =>
      compare(a.from, b.from) ||
      compare(a.to, b.to) ||
      compare(turn[a.transition], turn[b.transition]) ||
      compare(a.id, b.id),
  );
  return json ? jsonLines(windows, mails, results) : textLines(windows, mails, results);
}

/** Of equal times: an incident opens before anything else is said about it, and is resolved last. */
const turn: Record<Transition, number> = {
  opened: 0,
  over: 0,
  digest: 0,
  'new-pattern': 1,
  reminder: 1,
  resolved: 2,
};

function jsonLines(windows: readonly WindowRecord[], mails: readonly DecidedMail[], totals: Totals): string[] {
  return [
    ...windows.map((window) => JSON.stringify({ type: 'window', window })),
    ...mails.map(({ report, subject, to }) => {
      const { id, transition, breaches } = report;
      return JSON.stringify({ type: 'mail', mail: { id, transition, subject, to, windows: breaches } });
    }),
    JSON.stringify({ type: 'summary', ...summaryOf(windows, totals) }),
  ];
}

type Totals = Pick<Results, 'bytes' | 'breaches'>;

interface Summary {
  readonly lines: number;
  readonly bytes: number;
  readonly counts: LevelCounts;
  readonly continuation: number;
  readonly unparsed: number;
  readonly again: number;
  readonly windows: number;
  readonly breaches: number;
}

function summaryOf(windows: readonly WindowRecord[], { bytes, breaches }: Totals): Summary {
  const sum = (of: (window: WindowRecord) => number): number =>
    windows.reduce((total, window) => total + of(window), 0);
  return {
    lines: sum((window) => window.lines),
    bytes,
    counts: {
      error: sum((window) => window.counts.error),
      warn: sum((window) => window.counts.warn),
      info: sum((window) => window.counts.info),
      debug: sum((window) => window.counts.debug),
      none: sum((window) => window.counts.none),
    },
    continuation: sum((window) => window.continuation),
    unparsed: sum((window) => window.unparsed),
    again: sum((window) => window.again),
    windows: windows.length,
    breaches,
  };
}

/** More windows than this are not listed for people, but the newest; the summary counts them all. */
const LISTED_WINDOWS = 40;

/** The newest ones, in the order given. */
function newest(windows: readonly WindowRecord[]): readonly WindowRecord[] {
  const byTime = [...windows].sort((a, b) => Date.parse(b.windowStart) - Date.parse(a.windowStart));
  const listed = new Set(byTime.slice(0, LISTED_WINDOWS));
  return windows.filter((window) => listed.has(window));
}

function textLines(windows: readonly WindowRecord[], mails: readonly DecidedMail[], totals: Totals): string[] {
  const { lines, bytes, counts, continuation, unparsed, again, breaches } = summaryOf(windows, totals);
  const hidden = windows.length - LISTED_WINDOWS;
  return [
    ...windowTable(newest(windows)),
    ...(hidden > 0
      ? [`(${counted(hidden, 'earlier window')} ${plural(hidden, 'is', 'are')} not shown; --json prints them all)`]
      : []),
    '',
    ...mails.map(({ report, subject, to }) =>
      escapeControls(`${readable(report.from)} UTC  mail to ${to.join(', ')}: ${subject}`),
    ),
    `${counted(lines, 'line')}, ${counted(bytes, 'byte')}: ${counts.error} error, ${counts.warn} warn, ${counts.info} info, ${counts.debug} debug, ` +
      `${counts.none} without a level, ${continuation} continuation, ${unparsed} unparsed, ${again} repeated`,
    `${counted(windows.length, 'window')}, ${breaches} breached, ${counted(mails.length, 'mail')}`,
  ];
}

/** Windows as a table for a terminal, in the order given. */
export function windowTable(windows: readonly WindowRecord[]): string[] {
  const width = Math.min(30, Math.max(6, ...windows.map(({ origin }) => escapeControls(origin).length)));
  const row = (origin: string, start: string, figures: readonly (string | number)[], end: string): string =>
    `${escapeControls(origin).slice(0, width).padEnd(width)}  ${start.padEnd(20)}${figures.map((figure) => String(figure).padStart(8)).join('')}  ${end}`;
  return [
    row('origin', 'window (UTC)', ['error', 'warn', 'info', 'debug', 'other', 'lines'], ''),
    ...windows.map(({ origin, windowStart, counts, continuation, unparsed, lines, complete }) =>
      row(
        origin,
        readable(windowStart),
        [counts.error, counts.warn, counts.info, counts.debug, counts.none + continuation + unparsed, lines],
        complete ? 'complete' : 'open',
      ).trimEnd(),
    ),
  ];
}

/** An ISO 8601 time in UTC, for a column that says so. */
function readable(time: string): string {
  return time.replace('T', ' ').replace(/(\.000)?Z$/, '');
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
