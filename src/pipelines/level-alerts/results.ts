import { escapeControls } from '../../escape-controls';
import { pluralize } from '../../pluralize';
import type { DeliveryStatus } from '../../stream/outbox-records';
import type { Results } from '../../stream/view';
import { breachedWindows } from './alerting/breached-windows';
import type { Transition } from './alerting/mail-report';
import { parseOutboxRecord } from './alerting/outbox-records';
import { isSummary, type AnyReport } from './alerting/summary-report';
import { configuredRule } from './alerting/rules';
import type { LevelAlertsConfig } from './config';
import type { WindowReader } from './counting/parse-window-record';
import type { LevelCounts, WindowRecord } from './counting/window-record';
import { subjectOf } from './mail/summary-words';
import { receiversOf } from './messages/receivers-of';
import { readable, windowTable } from './window-table';

/** A mail that a rule asks for. */
interface DecidedMail {
  readonly report: AnyReport;
  /** That of the mail. */
  readonly subject: string;
  /** Addresses, and names of other receivers, as the configuration has them: a run may send to none of them. */
  readonly to: readonly string[];
}

interface Totals {
  readonly bytes: number;
  /** Breached windows of rules, mailed or not. */
  readonly breaches: number;
}

/** Final windows in order of origin and start, mails, and a summary. */
export function levelAlertsResults(config: LevelAlertsConfig, readWindow: WindowReader): Results {
  const windows = new Map<string, WindowRecord>();
  const reports = new Map<string, AnyReport>();
  /** By id and target, with the reason. */
  const refused = new Map<string, DeliveryStatus>();
  return {
    topics: ['windows', 'outbox'],
    add: ({ topic, key, value, isNew }) => {
      if (topic === 'windows') {
        const name = key.toString('utf8');
        const window = value === null ? null : readWindow(key, value);
        if (value === null) windows.delete(name);
        if (window !== null) windows.set(name, window);
      } else {
        const record = parseOutboxRecord(key, value);
        if (record?.kind === 'mail') reports.set(record.report.id, record.report);
        if (record?.kind !== 'status' || record.status.state !== 'FAILED' || !isNew) return;
        refused.set(`${record.status.id}/${record.status.target ?? ''}`, record.status);
      }
    },
    decided: () =>
      [...reports.values()].sort(inOrder).map((report) => ({
        id: report.id,
        about: aboutOf(report),
        ...{ from: report.from, to: report.to, subject: subjectOf(report), receivers: readersOf(report, config) },
      })),
    refused: () =>
      [...refused.values()].map(({ id, target, reason = '' }) => {
        const report = reports.get(id);
        const to = target === undefined ? '' : ` to ${target}`;
        return `Not delivered${to}: ${report === undefined ? id : subjectOf(report)}\n  ${reason}`;
      }),
    lines: (json, bytes) => {
      const all = [...windows.values()].sort(
        (a, b) => compare(a.origin, b.origin) || compare(Date.parse(a.windowStart), Date.parse(b.windowStart)),
      );
      const mails = [...reports.values()]
        .sort(inOrder)
        .map((report) => ({ report, subject: subjectOf(report), to: readersOf(report, config) }));
      const breaches = breachedWindows(all, config.rules.map(configuredRule), config.window).length;
      return (json ? jsonLines : textLines)(all, mails, { bytes: bytes.get('logs') ?? 0, breaches });
    },
  };
}

function aboutOf(report: AnyReport): string {
  return isSummary(report)
    ? JSON.stringify([report.cause, report.rules, report.receivers])
    : JSON.stringify([report.rule.name, report.group, report.transition]);
}

function readersOf(report: AnyReport, config: LevelAlertsConfig): readonly string[] {
  const receivers = receiversOf(report, config, Date.parse(report.decidedAt));
  return [...new Set(receivers.flatMap((receiver) => ('to' in receiver ? receiver.to : [receiver.name])))];
}

function inOrder(a: AnyReport, b: AnyReport): number {
  return (
    compare(a.from, b.from) ||
    compare(a.to, b.to) ||
    compare(turn[a.transition], turn[b.transition]) ||
    compare(a.id, b.id)
  );
}

/** The order of mails with equal times: an incident opens first, and is resolved last. */
const turn: Record<Transition | 'summary', number> = {
  summary: 0,
  opened: 0,
  over: 0,
  digest: 0,
  'new-pattern': 1,
  reminder: 1,
  reopened: 1,
  grown: 1,
  resolved: 2,
  merged: 2,
};

function jsonLines(windows: readonly WindowRecord[], mails: readonly DecidedMail[], totals: Totals): string[] {
  return [
    ...windows.map((window) => JSON.stringify({ type: 'window', window })),
    ...mails.map(({ report, subject, to }) => {
      const { id, transition } = report;
      const about = isSummary(report) ? { incidents: report.incidents } : { windows: report.breaches };
      return JSON.stringify({ type: 'mail', mail: { id, transition, subject, to, ...about } });
    }),
    JSON.stringify({ type: 'summary', ...summaryOf(windows, totals) }),
  ];
}

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

/** At most this many windows are listed for people, the newest ones; the summary counts all. */
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
      ? [`(${pluralize(hidden, 'earlier window')} ${hidden === 1 ? 'is' : 'are'} not shown; --json prints them all)`]
      : []),
    '',
    ...mails.map(({ report, subject, to }) =>
      escapeControls(`${readable(report.from)} UTC  mail to ${to.join(', ')}: ${subject}`),
    ),
    `${pluralize(lines, 'line')}, ${pluralize(bytes, 'byte')}: ${counts.error} error, ${counts.warn} warn, ${counts.info} info, ${counts.debug} debug, ` +
      `${counts.none} without a level, ${continuation} continuation, ${unparsed} unparsed, ${again} repeated`,
    `${pluralize(windows.length, 'window')}, ${breaches} breached, ${pluralize(mails.length, 'mail')}`,
  ];
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
