import type { BreachedWindow, MailReport, ReportedRule } from '../alerting/mail-report';
import { threshold } from '../alerting/rule-kinds/threshold';
import type { SampleLine } from '../counting/window-record';
import { chartOf, type Chart } from './chart';
import { clipped, visible } from './escape';
import { levelTableOf, type LevelTable } from './level-table';
import { notesOf } from './notes';
import { redact } from './redact';
import { fullSpan, fullTime, lengthOf, shortSpan, timeWithin, type Zone } from './times';
import { verdictOf, type Verdict } from './verdict';
import { counted, figure } from './words';

/** Who reads a mail, and when it is sent. */
export interface MailView {
  /** IANA zone of the reader: times are shown in it beside UTC. */
  readonly zone: Zone;
  /** Are secrets taken out of log lines? */
  readonly redact: boolean;
  /** Was an earlier attempt begun whose end is not known? */
  readonly possibleRepeat: boolean;
}

/**
 * All that a mail says, in the order in which it says it. Its strings are ready to be shown: visible characters only,
 * bounded, redacted. The HTML and the text part only lay it out, which is why they are equal in content.
 */
export interface MailContent {
  readonly verdict: Verdict;
  /** `2026-11-20 10:05–10:10 UTC (11:05–11:10 Europe/Berlin)` */
  readonly when: string;
  readonly repeat: string | null;
  readonly chart: { readonly title: string; readonly legend: string; readonly bars: Chart } | null;
  readonly levels: { readonly title: string; readonly table: LevelTable };
  /** Of a digest: its windows. */
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
  /** What the rows leave out. */
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
  sampleLength: 800,
  sampleLines: 12,
  names: 10,
  nameLength: 64,
};

/** More of a log line than this is not even looked at. */
const considered = 4096;

/** Decides what a mail says; pure. */
export function contentOf(report: MailReport, view: MailView): MailContent {
  const conceal = (text: string): string =>
    view.redact ? redact(text.slice(0, considered)) : text.slice(0, considered);
  return {
    verdict: verdictOf(report),
    when: fullSpan(report.from, report.to, view.zone),
    repeat: view.possibleRepeat
      ? 'You may have this mail already: an earlier attempt to send it ended without an answer.'
      : null,
    chart: chartSection(report),
    levels: levelSection(report),
    windows: report.transition === 'digest' ? windowTally(report) : null,
    patterns: patternTally(report, conceal),
    samples: sampleSection(report.samples, conceal),
    origins: originTally(report),
    notes: notesOf(report),
    rule: ruleSection(report),
    footer: [
      `Mail ${nameOf(report.id)}, incident ${nameOf(report.incident)}.`,
      `Decided ${fullTime(report.decidedAt, view.zone)}.`,
      view.redact
        ? 'What looks like a secret in a log line is replaced by [redacted].'
        : 'Log lines are shown as they are.',
    ],
  };
}

function nameOf(text: string): string {
  return clipped(visible(text), shown.nameLength);
}

function chartSection(report: MailReport): MailContent['chart'] {
  const bars = chartOf(report);
  if (bars === null) return null;
  const length = lengthOf(report.rule.window);
  return {
    title: `${levelTitle(report.rule.level)} per ${length}`,
    legend: `highest ${figure(bars.highest.count)} at ${bars.highest.time} UTC`,
    bars,
  };
}

function levelTitle(level: ReportedRule['level']): string {
  return { error: 'Errors', warn: 'Warnings', info: 'Info lines', debug: 'Debug lines' }[level];
}

function levelSection(report: MailReport): MailContent['levels'] {
  const over = report.breaches.length === 1 ? 'the window' : `the ${counted(report.breaches.length, 'window')}`;
  const usual = report.median === null ? '' : `, against the median of the hour before`;
  return { title: `Lines in ${over} over the limit${usual}`, table: levelTableOf(report) };
}

function windowTally(report: MailReport): Tally {
  const highest = [...report.breaches].sort((a, b) => b.count - a.count).slice(0, shown.names);
  const rows = report.breaches
    .filter((window) => highest.includes(window))
    .map((window) => ({ name: windowName(window), count: figure(window.count) }));
  return { title: 'Windows over the limit', rows, rest: rest(report.breaches.length - rows.length, 'lower window') };
}

function windowName(window: BreachedWindow): string {
  return `${window.windowStart.slice(0, 10)} ${shortSpan(window.windowStart, window.windowEnd)} UTC`;
}

function patternTally(report: MailReport, conceal: (text: string) => string): PatternTally | null {
  if (report.patterns.length === 0) return null;
  const rows = report.patterns.slice(0, shown.patterns).map(({ pattern, count, isNew }) => ({
    name: clipped(visible(conceal(pattern)), shown.patternLength),
    count: figure(count),
    isNew,
  }));
  const hidden = report.patterns.slice(shown.patterns).reduce((sum, { count }) => sum + count, report.otherPatterns);
  return {
    title: 'What the errors say',
    rows,
    rest: rest(hidden, 'line with another message', 'lines with other messages'),
  };
}

function sampleSection(samples: readonly SampleLine[], conceal: (text: string) => string): MailContent['samples'] {
  if (samples.length === 0) return null;
  const items = samples.slice(0, shown.samples).map((sample) => ({
    place: placeOf(sample),
    lines: clipped(conceal(sample.text), shown.sampleLength)
      .split(/\r\n|\n|\r/)
      .slice(0, shown.sampleLines)
      .map((line) => clipped(visible(line), shown.sampleLength)),
  }));
  return {
    title: samples.length > items.length ? `${items.length} of ${samples.length} sample lines` : 'Sample lines',
    items,
  };
}

function placeOf({ source, at }: SampleLine): string {
  const [, generation, offset] = /^(\d+):(\d+)$/.exec(at) ?? [];
  const place = offset === undefined ? `at ${nameOf(at)}` : `byte ${offset}`;
  const rewritten = generation === undefined || generation === '0' ? '' : `, generation ${generation}`;
  return `${clipped(visible(source), 2 * shown.nameLength)}, ${place}${rewritten}`;
}

/** One origin alone is in the verdict already. */
function originTally(report: MailReport): Tally | null {
  if (report.origins.length < 2) return null;
  const rows = report.origins.slice(0, shown.names).map(({ origin, count }) => ({
    name: nameOf(origin),
    count: figure(count),
  }));
  return { title: 'Where they come from', rows, rest: rest(report.origins.length - rows.length, 'other origin') };
}

function rest(count: number, singular: string, plural?: string): string | null {
  return count > 0 ? `and ${counted(count, singular, plural)}` : null;
}

function ruleSection(report: MailReport): MailContent['rule'] {
  const { rule, worst } = report;
  const { words } = rule;
  const name = nameOf(rule.name);
  const origins = rule.origins === '*' ? 'all origins' : `origins ${nameOf(rule.origins)}`;
  return {
    sentence: `Rule ${name}: ${nameOf(words.condition)} in ${lengthOf(rule.window)}, ${origins}${report.group === 'all' ? ' together' : ', each by itself'}.`,
    change: `To hear less of it, ${nameOf(words.change)} of ${name} under rules in the configuration. With this one, ${timeWithin(worst.windowStart, report.from, report.to)} UTC would have passed in silence:`,
    // All of it: what a rule leaves out is taken from the first rule of the defaults.
    yaml: [
      'rules:',
      `  - name: ${JSON.stringify(name)}`,
      ...(rule.kind === threshold.name ? [] : [`    kind: ${JSON.stringify(nameOf(rule.kind))}`]),
      `    level: ${rule.level}`,
      ...words.yaml.map((line) => `    ${nameOf(line)}`),
      `    window: ${rule.window / 1000}s`,
      `    origins: ${JSON.stringify(nameOf(rule.origins))}`,
      `    each: ${report.group !== 'all'}`,
    ],
  };
}
