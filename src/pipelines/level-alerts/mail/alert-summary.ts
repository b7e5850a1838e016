import type { MailReport, Transition } from '../alerting/mail-report';
import { truncate, visible } from '../../../html/escape';
import { redact } from '../../../redact';
import { breachWordsOf } from './breach-words';
import { lengthOf, shortSpan, timeWithin } from './times';
import { linesAt, pluralize } from './words';

/** The most important facts for a reader: in the subject, and on top of the mail. */
export interface AlertSummary {
  /** `[payments] 37 errors in 1 min on payments-3: OutOfMemoryError at Cart.total`, with the name of the rule: one line. */
  readonly subject: string;
  readonly label: string;
  readonly tone: Tone;
  /** `37 errors in 1 min` */
  readonly headline: string;
  /** `threshold 1` */
  readonly threshold: string;
  /** The origins of the lines: `payments-3 and 2 others`. */
  readonly place: string;
  /** One or two sentences: the state of the incident, and its extent. */
  readonly lead: string;
}

export type Tone = 'alarm' | 'warning' | 'good' | 'calm';

const labels: Readonly<Record<Transition, { readonly label: string; readonly tone: Tone }>> = {
  opened: { label: 'Open', tone: 'alarm' },
  over: { label: 'Over', tone: 'calm' },
  reminder: { label: 'Still open', tone: 'warning' },
  'new-pattern': { label: 'New error', tone: 'alarm' },
  reopened: { label: 'Opened again', tone: 'alarm' },
  grown: { label: 'Worse than reported', tone: 'warning' },
  resolved: { label: 'Resolved', tone: 'good' },
  merged: { label: 'Merged', tone: 'calm' },
  digest: { label: 'Digest', tone: 'calm' },
};

/** The same report gives the same subject on every machine, for every reader: its times are UTC. */
export function alertSummaryOf(report: MailReport): AlertSummary {
  const { label, tone } = labels[report.transition];
  const place = placeOf(report);
  const threshold = shownWords(report.rule.words.limit);
  const headline =
    report.transition === 'digest'
      ? `${pluralize(report.breaches.length, 'window')} ${breachWordsOf(report.rule).windows}`
      : `${shownWords(report.rule.words.worst)} in ${lengthOf(report.rule.window)}`;
  return {
    subject: withError(`[${truncate(visible(report.rule.name), 48)}] ${subjectOf(report, headline, place)}`, report),
    label,
    tone,
    headline,
    threshold: report.transition === 'digest' ? `${threshold} in ${lengthOf(report.rule.window)}` : threshold,
    place,
    lead: leadOf(report),
  };
}

function subjectOf(report: MailReport, headline: string, place: string): string {
  const what = `${headline} on ${place}`;
  const since = `since ${timeWithin(report.from, report.from, report.to)}`;
  const span = shortSpan(report.from, report.to);
  switch (report.transition) {
    case 'opened':
      return what;
    case 'over':
      return `${what} (${span}, over)`;
    case 'reminder':
      return `Still open: ${what} (${since})`;
    case 'new-pattern':
      return `New error: ${what} (${since})`;
    case 'reopened':
      return `Opened again: ${what} (${since})`;
    case 'grown':
      return `Worse than reported: ${what} (${report.isOver === true ? `${span}, over` : since})`;
    case 'resolved':
      return `Resolved: ${what} (${span})`;
    case 'merged':
      return `Merged: ${what} (${span})`;
    case 'digest':
      return `Digest: ${headline} on ${place} (${span})`;
  }
}

/** Longest subject, in characters, as far as the error goes: lists of mails show about 100. */
const subjectLength = 150;

/** Appends `: OutOfMemoryError at Cart.total`, the first error without its logger. Subjects pass many machines: never with secrets. */
function withError(subject: string, { patterns, transition }: MailReport): string {
  const [first] = patterns;
  const isEnd = transition === 'resolved' || transition === 'merged';
  return first === undefined || isEnd ? subject : withErrorAfter(subject, first.pattern);
}

/** Appends an error to a subject. */
export function withErrorAfter(subject: string, pattern: string): string {
  const message = /^[\w$./@-]{1,120} - (.+)$/.exec(pattern)?.[1] ?? pattern;
  return `${subject}: ${truncate(visible(redact(message)), Math.max(24, subjectLength - subject.length))}`;
}

/** The words of a rule come from the outbox: they must not break a header. */
function shownWords(words: string): string {
  return truncate(visible(words), 64);
}

/** Reports name at most this many origins, highest first. */
const namedOrigins = 20;

function placeOf(report: MailReport): string {
  const name = (origin: string): string => truncate(visible(origin), 64);
  if (report.group !== 'all') return name(report.group);
  const [first, ...others] = report.origins;
  if (first === undefined) return 'all hosts';
  if (others.length === 0) return name(first.origin);
  const more = report.origins.length >= namedOrigins ? 'others' : pluralize(others.length, 'other');
  return `${name(first.origin)} and ${more}`;
}

function leadOf(report: MailReport): string {
  const { breaches, worst, totals, rule, from, to } = report;
  const at = (time: string): string => `${timeWithin(time, from, to)} UTC`;
  const words = breachWordsOf(rule);
  const worstAt = `the worst at ${at(worst.windowStart)}`;
  const extent =
    breaches.length > 1
      ? `${pluralize(breaches.length, 'window')} ${words.windows}, ${linesAt(rule.level, totals[rule.level])} in them, ${worstAt}.`
      : Date.parse(to) - Date.parse(from) > rule.window
        ? `${linesAt(rule.level, totals[rule.level])} in all, ${worstAt}.`
        : '';
  const since = `Open since ${at(from)}`;
  const flapping = flappingOf(report);
  switch (report.transition) {
    case 'opened':
      return sentences(
        extent === '' ? '' : `So far ${extent}`,
        'The next mail comes when this is over, when it gets worse, when an error appears that is not listed here, or as a reminder.',
      );
    case 'over':
      return sentences(`It was over at ${at(to)}, before this mail was due.`, flapping, extent);
    case 'reminder':
      return sentences(extent === '' ? `${since}.` : `${since}: ${extent}`, flapping);
    case 'reopened':
      return sentences('It was reported as over, and is back.', flapping, comparedOf(report), extent);
    case 'grown':
      return sentences(
        comparedOf(report),
        report.isOver === true ? `It was over at ${at(to)}.` : `${since}.`,
        flapping,
        extent,
      );
    case 'new-pattern':
      return sentences(
        'An error has appeared that no earlier mail of this incident listed.',
        extent === '' ? `${since}.` : `${since}: ${extent}`,
      );
    case 'resolved':
      return sentences(`${words.quiet} since ${at(to)}: this incident is closed.`, flapping, extent);
    case 'merged':
      return sentences(
        `Lines that came later show that this is part of incident ${shownWords(report.mergedInto ?? '')}, which has its own mails.`,
        'This one is closed.',
      );
    case 'digest':
      return sentences(
        'These lines arrived long after they were written, so their windows are reported together.',
        `${linesAt(rule.level, totals[rule.level])} in all, ${worstAt}.`,
      );
  }
}

function flappingOf({ flaps = 0, from, to }: MailReport): string {
  if (flaps < 2) return '';
  return `Flapping: it has come back ${pluralize(flaps, 'time')} since ${timeWithin(from, from, to)} UTC.`;
}

/** How the figures of earlier mails differ from those of this one. */
function comparedOf({ before, totals, rule, from, to }: MailReport): string {
  if (before === undefined) return '';
  const { lines, newHosts } = before;
  const now = totals[rule.level];
  const isLonger = before.from !== from || before.to !== to;
  const names = newHosts.slice(0, 3).map((host) => truncate(visible(host), 64));
  const more = newHosts.length - names.length;
  const hosts = [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return sentences(
    now > lines ? `Earlier mails said ${linesAt(rule.level, lines)}; there are ${linesAt(rule.level, now)}.` : '',
    newHosts.length > 0 ? `New: ${hosts}.` : '',
    isLonger ? `Earlier mails named ${shortSpan(before.from, before.to)} UTC.` : '',
  );
}

function sentences(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
