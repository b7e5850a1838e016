import { truncate, visible } from '../../../html/escape';
import { formatCount } from '../../../pluralize';
import type { SummarizedIncident, SummaryReport } from '../alerting/summary-report';
import { sampleOf, type MailView, type PatternTally, type Sample, type Tally } from './content';
import { laggingNames, lostLines, unreadLines } from './notes';
import { fullSpan, fullTime, lengthOf, shortSpan } from './times';
import { summaryWordsOf, type SummaryWords } from './summary-words';
import { linesAt, pluralize } from './words';
import { redact } from '../../../redact';

/** The content of a mail about several incidents, ready to display like a `MailContent`. */
export interface SummaryContent {
  readonly words: SummaryWords;
  readonly when: string;
  readonly repeat: string | null;
  readonly incidents: IncidentTable;
  readonly patterns: PatternTally | null;
  readonly samples: { readonly title: string; readonly items: readonly Sample[] } | null;
  /** Null for one host: the words name it already. */
  readonly origins: Tally | null;
  readonly notes: readonly string[];
  readonly footer: readonly string[];
}

export interface IncidentTable {
  readonly title: string;
  readonly rows: readonly IncidentRow[];
  readonly rest: string | null;
}

export interface IncidentRow {
  readonly id: string;
  /** `2026-11-20`; empty when `span` has it, or all incidents are of one day. */
  readonly day: string;
  /** `10:05–10:06`, with days where they differ. */
  readonly span: string;
  /** `1 min`, or `open`. */
  readonly state: string;
  /** `12 errors`. */
  readonly lines: string;
  readonly rule: string;
  readonly place: string;
  /** Empty when it is not known, and when all incidents have the same. */
  readonly pattern: string;
  readonly isOpen: boolean;
}

/** Bounds in characters and entries: a mail stays below 100 kB even when every character has to be escaped. */
const shown = {
  incidents: 30,
  patterns: 12,
  patternLength: 120,
  rowPattern: 96,
  names: 10,
  nameLength: 48,
  samples: 5,
};

/** Decides the content of a mail about several incidents. Pure. */
export function summaryContentOf(report: SummaryReport, view: MailView): SummaryContent {
  const conceal = (text: string): string => (view.redact ? redact(text.slice(0, 4096)) : text.slice(0, 4096));
  return {
    words: summaryWordsOf(report),
    when: fullSpan(report.from, report.to, view.zone),
    repeat: view.possibleRepeat
      ? 'You may have this message already: an earlier attempt to send it ended without an answer.'
      : null,
    incidents: incidentTable(report, conceal),
    patterns: patternTally(report, conceal),
    samples: sampleSection(report, conceal),
    origins: originTally(report),
    notes: notesOf(report),
    footer: [
      `Summary ${nameOf(report.id)}.`,
      `Decided ${fullTime(report.decidedAt, view.zone)}.`,
      view.redact
        ? 'Text that looks like a secret in a log line is replaced by [redacted].'
        : 'Log lines are shown as they are.',
    ],
  };
}

function nameOf(text: string): string {
  return truncate(visible(text), shown.nameLength);
}

/** Open ones first, and those with the most lines of more than fit, in order of time. */
function incidentTable(report: SummaryReport, conceal: (text: string) => string): IncidentTable {
  const { incidents, otherIncidents } = report;
  const most = new Set(
    incidents
      .toSorted((a, b) => Number(a.isOver) - Number(b.isOver) || b.count - a.count || a.from - b.from)
      .slice(0, shown.incidents),
  );
  const listed = incidents.filter((each) => most.has(each)).sort((a, b) => Number(a.isOver) - Number(b.isOver));
  const hidden = incidents.length - listed.length + otherIncidents;
  const known: Shared = {
    isOneRule: report.rules.length === 1,
    isOneDay: report.from.slice(0, 10) === report.to.slice(0, 10),
    isOnePattern: report.patterns.length === 1 && report.otherPatterns === 0,
  };
  return {
    title: hidden > 0 ? `The incidents with the most lines, times in UTC` : `The incidents, times in UTC`,
    rows: listed.map((each) => rowOf(each, known, conceal)),
    rest: hidden > 0 ? `and ${pluralize(hidden, 'other incident')} with fewer lines` : null,
  };
}

/** Facts that all incidents share stand above the table alone. */
interface Shared {
  readonly isOneRule: boolean;
  readonly isOneDay: boolean;
  readonly isOnePattern: boolean;
}

function rowOf(
  each: SummarizedIncident,
  { isOneRule, isOneDay, isOnePattern }: Shared,
  conceal: (text: string) => string,
): IncidentRow {
  const { from, to } = { from: new Date(each.from).toISOString(), to: new Date(each.to).toISOString() };
  const span = shortSpan(from, to);
  return {
    id: nameOf(each.incident),
    day: isOneDay || from.slice(0, 10) !== to.slice(0, 10) ? '' : from.slice(0, 10),
    span,
    state: each.isOver ? lengthOf(each.to - each.from) : 'open',
    lines: linesAt(each.level, each.count),
    rule: isOneRule ? '' : nameOf(each.rule),
    place: placeOf(each),
    pattern: isOnePattern || each.pattern === null ? '' : truncate(visible(conceal(each.pattern)), shown.rowPattern),
    isOpen: !each.isOver,
  };
}

function placeOf({ group, origins, otherOrigins }: SummarizedIncident): string {
  if (group !== 'all') return nameOf(group);
  const [first, ...others] = origins;
  const more = others.length + otherOrigins;
  if (first === undefined) return more === 0 ? 'all hosts' : pluralize(more, 'host');
  return more === 0 ? nameOf(first) : `${nameOf(first)} and ${pluralize(more, 'other')}`;
}

function patternTally(
  { patterns, otherPatterns, lines }: SummaryReport,
  conceal: (text: string) => string,
): PatternTally | null {
  if (patterns.length === 0) return null;
  const rows = patterns.slice(0, shown.patterns).map(({ pattern, count }) => ({
    name: truncate(visible(conceal(pattern)), shown.patternLength),
    count: formatCount(count),
    isNew: false,
  }));
  const hidden = patterns.slice(rows.length).reduce((sum, { count }) => sum + count, otherPatterns);
  const isErrors = lines.every(({ level }) => level === 'error');
  return {
    title: isErrors ? 'What the errors say' : 'What the lines say',
    rows,
    rest: hidden > 0 ? `and ${pluralize(hidden, 'line with another message', 'lines with other messages')}` : null,
  };
}

function sampleSection({ samples }: SummaryReport, conceal: (text: string) => string): SummaryContent['samples'] {
  const items = samples.slice(0, shown.samples).map((sample) => sampleOf(sample, conceal, 240));
  return items.length === 0 ? null : { title: 'Sample lines', items };
}

function originTally({ origins, otherOrigins }: SummaryReport): Tally | null {
  if (origins.length + otherOrigins < 2) return null;
  const rows = origins
    .slice(0, shown.names)
    .map(({ origin, count }) => ({ name: nameOf(origin), count: formatCount(count) }));
  const hidden = origins.length - rows.length + otherOrigins;
  return { title: 'Where they come from', rows, rest: hidden > 0 ? `and ${pluralize(hidden, 'other host')}` : null };
}

function notesOf({ notes, incidents }: SummaryReport): readonly string[] {
  const { withoutWindows, lagging, gaps, unread = false } = notes;
  const sentences = [
    lagging.length === 0 ? null : `${laggingNames(lagging)} behind: the latest lines may be missing.`,
    gaps === 0 ? null : lostLines(gaps),
    unread ? unreadLines : null,
    withoutWindows === 0
      ? null
      : `The windows of ${pluralize(withoutWindows, 'incident')} are no longer kept: their lines are in none of the sums.`,
    incidents.length > shown.incidents ? 'telltale replay over the same files prints every incident.' : null,
  ].filter((sentence) => sentence !== null);
  return lagging.length + gaps + withoutWindows === 0 && !unread
    ? ['Every window is complete, and no host is behind.', ...sentences]
    : sentences;
}
