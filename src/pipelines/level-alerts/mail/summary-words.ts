import { truncate, visible } from '../../../html/escape';
import { formatCount } from '../../../pluralize';
import { isSummary, type AnyReport, type SummaryReport } from '../alerting/summary-report';
import { alertSummaryOf, withErrorAfter, type Tone } from './alert-summary';
import { shortSpan } from './times';
import { joinWords, linesAt, pluralize } from './words';

/** The most important facts of a message about several incidents. */
export interface SummaryWords {
  /** `[errors] Summary: 66 incidents, 660 errors on web-0 and 9 others (04:30–10:01, all over): declined` */
  readonly subject: string;
  readonly label: string;
  readonly tone: Tone;
  /** `66 incidents` */
  readonly headline: string;
  /** `all over`, `3 open` */
  readonly state: string;
  readonly place: string;
  /** Why they are one message, how much it is, and whether it continues. */
  readonly lead: string;
}

/** The subject of any message. */
export function subjectOf(report: AnyReport): string {
  return isSummary(report) ? summaryWordsOf(report).subject : alertSummaryOf(report).subject;
}

/** The same report gives the same words on every machine, for every reader: its times are UTC. */
export function summaryWordsOf(report: SummaryReport): SummaryWords {
  const all = report.incidents.length + report.otherIncidents;
  const headline = pluralize(all, 'incident');
  const state = stateOf(report, all);
  const place = placeOf(report);
  const { label, tone } = labelOf(report, all);
  const lines = linesOf(report);
  const what = lines === '' ? headline : `${headline}, ${lines}`;
  const span = shortSpan(report.from, report.to);
  const subject = `${rulesOf(report)} ${label}: ${what} on ${place} (${span}, ${state})`;
  const [first] = report.patterns;
  return {
    subject: first === undefined ? subject : withErrorAfter(subject, first.pattern),
    label,
    tone,
    headline,
    state,
    place,
    lead: [causeOf(report), lines === '' ? '' : `${lines} in all.`, continues(report, all)]
      .filter((part) => part !== '')
      .join(' '),
  };
}

function labelOf({ cause, open }: SummaryReport, all: number): { readonly label: string; readonly tone: Tone } {
  if (cause === 'together') {
    if (open === 0) return { label: 'Over', tone: 'good' };
    return { label: 'Open', tone: open === all ? 'alarm' : 'warning' };
  }
  if (open === 0) return { label: 'Summary', tone: 'calm' };
  return { label: 'Summary', tone: open === all ? 'alarm' : 'warning' };
}

function stateOf({ open }: SummaryReport, all: number): string {
  if (open === 0) return all === 1 ? 'over' : 'all over';
  return open === all ? (all === 1 ? 'open' : 'all open') : `${formatCount(open)} open`;
}

function causeOf({ cause }: SummaryReport): string {
  switch (cause) {
    case 'backlog':
      return 'These incidents were over when their lines were read, so they are in one message.';
    case 'together':
      return 'These incidents of one rule came together, so they are in one message.';
    case 'cap':
      return 'More messages were due than alerting.cap allows for one receiver, so these incidents are in one message.';
  }
}

function continues({ open }: SummaryReport, all: number): string {
  if (open === 0) return all === 1 ? 'It does not continue.' : 'None of them continues.';
  if (open === all) return all === 1 ? 'It is still open.' : 'All of them are still open.';
  return `${formatCount(open)} of them ${open === 1 ? 'is' : 'are'} still open.`;
}

/** `660 errors and 12 warnings` */
export function linesOf({ lines }: SummaryReport): string {
  return joinWords(lines.map(({ level, count }) => linesAt(level, count)));
}

function rulesOf({ rules }: SummaryReport): string {
  const names = rules.slice(0, 2).map((name) => truncate(visible(name), 32));
  const more = rules.length - names.length;
  return `[${joinWords(more > 0 ? [...names, pluralize(more, 'other')] : names)}]`;
}

function placeOf({ origins, otherOrigins, incidents }: SummaryReport): string {
  const name = (text: string): string => truncate(visible(text), 64);
  const [first, ...others] = origins;
  if (first === undefined) {
    const groups = [...new Set(incidents.map(({ group }) => group))];
    return groups.length === 1 && groups[0] !== undefined && groups[0] !== 'all' ? name(groups[0]) : 'all hosts';
  }
  const more = others.length + otherOrigins;
  return more === 0 ? name(first.origin) : `${name(first.origin)} and ${pluralize(more, 'other')}`;
}
