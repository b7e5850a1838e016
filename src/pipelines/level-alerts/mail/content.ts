import type { BreachedWindow, MailReport, ReportedRule } from '../alerting/mail-report';
import { threshold } from '../alerting/rule-kinds/threshold';
import type { SampleLine } from '../counting/window-record';
import { breachWordsOf } from './breach-words';
import { chartOf, type Chart } from './chart';
import { truncate, visible } from '../../../html/escape';
import { levelTableOf, type LevelTable } from './level-table';
import { notesOf } from './notes';
import { readableLine } from './readable-line';
import { redact } from '../../../redact';
import { fullSpan, fullTime, lengthOf, shortSpan, timeWithin, type Zone } from './times';
import { alertSummaryOf, type AlertSummary } from './alert-summary';
import { formatCount } from '../../../pluralize';
import { pluralize } from './words';

/** How to render a mail for its reader. */
export interface MailView {
  /** IANA zone of the reader: times are shown in it beside UTC. */
  readonly zone: Zone;
  /** True to remove secrets from log lines. */
  readonly redact: boolean;
  /** True when an earlier attempt may have sent this mail. */
  readonly possibleRepeat: boolean;
}

/**
 * The content of a mail, in the order of the mail. Its strings are ready to display: visible characters only, bounded,
 * redacted. The HTML and the text part only lay it out, so they have equal content.
 */
export interface MailContent {
  readonly summary: AlertSummary;
  /** `2026-11-20 10:05–10:10 UTC (11:05–11:10 Europe/Berlin)` */
  readonly when: string;
  readonly repeat: string | null;
  readonly chart: { readonly title: string; readonly legend: string; readonly bars: Chart } | null;
  readonly levels: { readonly title: string; readonly table: LevelTable };
  /** Only in a digest: its windows. */
  readonly windows: Tally | null;
  readonly patterns: PatternTally | null;
  readonly samples: { readonly title: string; readonly items: readonly Sample[] } | null;
  readonly origins: Tally | null;
  readonly notes: readonly string[];
  readonly rule: { readonly sentence: string; readonly change: string; readonly yaml: readonly string[] };
  readonly footer: readonly string[];
}

/** Names with counts. */
export interface Tally {
  readonly title: string;
  readonly rows: readonly TallyRow[];
  /** A line that counts the omitted rows. */
  readonly rest: string | null;
}

export interface TallyRow {
  readonly name: string;
  readonly count: string;
}

export interface PatternTally extends Tally {
  readonly rows: readonly (TallyRow & { readonly isNew: boolean })[];
}

export interface Sample {
  /** `logs/payments-3/app.log, byte 18204` */
  readonly place: string;
  readonly lines: readonly string[];
}

/** Bounds in characters and entries: a mail stays below 100 kB even when every character has to be escaped. */
const shown = {
  patterns: 20,
  patternLength: 160,
  samples: 5,
  sampleLength: 540,
  laterSampleLength: 90,
  sampleLines: 12,
  names: 10,
  nameLength: 64,
};

/** Ignore the rest of a longer log line. */
const considered = 4096;

/** Decides the content of a mail. Pure. */
export function contentOf(report: MailReport, view: MailView): MailContent {
  const conceal = (text: string): string =>
    view.redact ? redact(text.slice(0, considered)) : text.slice(0, considered);
  return {
    summary: alertSummaryOf(report),
    when: fullSpan(report.from, report.to, view.zone),
    repeat: view.possibleRepeat
      ? 'You may have this mail already: an earlier attempt to send it ended without an answer.'
      : null,
    chart: chartSection(report),
    levels: levelSection(report),
    windows: report.transition === 'digest' ? windowTally(report) : null,
    patterns: patternTally(report, conceal),
    samples: sampleSection(report, conceal),
    origins: originTally(report),
    notes: notesOf(report, conceal),
    rule: ruleSection(report),
    footer: [
      `Mail ${nameOf(report.id)}, incident ${nameOf(report.incident)}.`,
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

function chartSection(report: MailReport): MailContent['chart'] {
  const bars = chartOf(report);
  if (bars === null) return null;
  const length = lengthOf(report.rule.window);
  return {
    title: `${levelTitle(report.rule.level)} per ${length}`,
    legend: `highest ${formatCount(bars.highest.count)} at ${bars.highest.time} UTC`,
    bars,
  };
}

function levelTitle(level: ReportedRule['level']): string {
  return { error: 'Errors', warn: 'Warnings', info: 'Info lines', debug: 'Debug lines' }[level];
}

function levelSection(report: MailReport): MailContent['levels'] {
  const over = report.breaches.length === 1 ? 'the window' : `the ${pluralize(report.breaches.length, 'window')}`;
  const usual = report.median === null ? '' : `, against the median of the hour before`;
  return { title: `Lines in ${over} ${breachWordsOf(report.rule).windows}${usual}`, table: levelTableOf(report) };
}

function windowTally(report: MailReport): Tally {
  const highest = [...report.breaches].sort((a, b) => b.count - a.count).slice(0, shown.names);
  const rows = report.breaches
    .filter((window) => highest.includes(window))
    .map((window) => ({ name: windowName(window), count: formatCount(window.count) }));
  return {
    title: `Windows ${breachWordsOf(report.rule).windows}`,
    rows,
    rest: rest(report.breaches.length - rows.length, 'lower window'),
  };
}

function windowName(window: BreachedWindow): string {
  return `${window.windowStart.slice(0, 10)} ${shortSpan(window.windowStart, window.windowEnd)} UTC`;
}

function patternTally(report: MailReport, conceal: (text: string) => string): PatternTally | null {
  if (report.patterns.length === 0) return null;
  const rows = report.patterns.slice(0, shown.patterns).map(({ pattern, count, isNew }) => ({
    name: truncate(visible(conceal(pattern)), shown.patternLength),
    count: formatCount(count),
    isNew,
  }));
  const hidden = report.patterns.slice(shown.patterns).reduce((sum, { count }) => sum + count, report.otherPatterns);
  return {
    title: `What the ${{ error: 'errors', warn: 'warnings', info: 'info lines', debug: 'debug lines' }[report.rule.level]} say`,
    rows,
    rest: rest(hidden, 'line with another message', 'lines with other messages'),
  };
}

function sampleSection({ samples, patterns }: MailReport, conceal: (text: string) => string): MailContent['samples'] {
  if (samples.length === 0) return null;
  // Each new pattern has its line, before the others.
  const news = patterns.filter(({ isNew }) => isNew).length;
  const items = samples.slice(0, Math.max(shown.samples, news + 1)).map((sample, i) => {
    return sampleOf(sample, conceal, i < shown.samples ? shown.sampleLength : shown.laterSampleLength);
  });
  return {
    title: samples.length > items.length ? `${items.length} of ${samples.length} sample lines` : 'Sample lines',
    items,
  };
}

/** @param length longest line, in characters */
export function sampleOf(sample: SampleLine, conceal: (text: string) => string, length: number): Sample {
  return {
    place: placeOf(sample),
    lines: truncate(conceal(readableLine(sample.text)), length)
      .split(/\r\n|\n|\r/)
      .slice(0, shown.sampleLines)
      .map((line) => truncate(visible(line), length)),
  };
}

function placeOf({ source, at }: SampleLine): string {
  const [, generation, offset] = /^(\d+):(\d+)$/.exec(at) ?? [];
  const place = offset === undefined ? `at ${nameOf(at)}` : `byte ${offset}`;
  const rewritten = generation === undefined || generation === '0' ? '' : `, generation ${generation}`;
  return `${truncate(visible(source), 2 * shown.nameLength)}, ${place}${rewritten}`;
}

/** Null for one origin: the summary names it already. */
function originTally(report: MailReport): Tally | null {
  if (report.origins.length < 2) return null;
  const rows = report.origins.slice(0, shown.names).map(({ origin, count }) => ({
    name: nameOf(origin),
    count: formatCount(count),
  }));
  return { title: 'Where they come from', rows, rest: rest(report.origins.length - rows.length, 'other host') };
}

function rest(count: number, singular: string, plural?: string): string | null {
  return count > 0 ? `and ${pluralize(count, singular, plural)}` : null;
}

function ruleSection(report: MailReport): MailContent['rule'] {
  const { rule, worst } = report;
  const { words } = rule;
  const name = nameOf(rule.name);
  const origins = rule.origins === '*' ? 'all hosts' : `hosts ${nameOf(rule.origins)}`;
  return {
    sentence: `Rule ${name}: ${nameOf(words.condition)} in ${lengthOf(rule.window)}, ${origins}${report.group === 'all' ? ' together' : ', each by itself'}.`,
    change: `To get fewer mails, ${nameOf(words.change)} of ${name} under rules in the configuration. This rule would not have mailed ${timeWithin(worst.windowStart, report.from, report.to)} UTC:`,
    // The whole rule: an omitted key would take its value from the first rule of the defaults.
    yaml: [
      'rules:',
      `  - name: ${JSON.stringify(name)}`,
      ...(rule.kind === threshold.name ? [] : [`    kind: ${JSON.stringify(nameOf(rule.kind))}`]),
      `    level: ${rule.level}`,
      ...words.yaml.map((line) => `    ${nameOf(line)}`),
      `    window: ${rule.window / 1000}s`,
      `    origins: ${JSON.stringify(nameOf(rule.origins))}`,
      `    each: ${report.group !== 'all'}`,
      ...(rule.severity === 'error' ? [] : [`    severity: ${rule.severity}`]),
    ],
  };
}
