import type { MailReport } from '../alerting/mail-report';
import { truncate, visible } from '../../../html/escape';
import { timeWithin } from './times';
import { formatCount } from '../../../pluralize';
import { pluralize, joinWords } from './words';

/** Reports name at most this many lagging origins here. */
const namedLagging = 8;

/** Longest name of a source, and longest line, in characters. */
const shown = { source: 128, line: 160 };

/** Facts that qualify the counts: one sentence each, at least one. @param conceal removes secrets from a log line */
export function notesOf(report: MailReport, conceal: (line: string) => string): readonly string[] {
  const { notes } = report;
  const gaps = notes.gaps ?? 0;
  const sentences = [
    note(notes.incomplete, (n) => `${pluralize(n, 'window')} not complete yet: more lines may come.`),
    note(notes.lagging.length, () => `${laggingNames(notes.lagging)} behind: the latest lines may be missing.`),
    note(gaps, lostLines),
    notes.unread === true ? unreadLines : null,
    ...notUnderstood(report, conceal),
    note(notes.expired, (n) => `${pluralize(n, 'line')} too late for the window they belong to, counted on arrival.`),
    note(notes.future, (n) => `${pluralize(n, 'line')} with a timestamp in the future.`),
    note(notes.again, (n) => `${pluralize(n, 'line')} repeated by rewritten files, left out of the counts.`),
    note(
      notes.continuation,
      (n) => `${pluralize(n, 'line')} read as part of the record above them, as stack traces are.`,
    ),
  ].filter((sentence) => sentence !== null);
  const complete = notes.incomplete === 0 && notes.lagging.length === 0 && gaps === 0 && notes.unread !== true;
  return complete ? ['Every window is complete, and no host is behind.', ...sentences] : sentences;
}

/** Absolute numbers: which share of a file they are, only its checkpoint tells. */
function notUnderstood({ notes, from, decidedAt }: MailReport, conceal: (line: string) => string): string[] {
  const { notUnderstood: sources = [], otherNotUnderstood: others = 0, unparsed } = notes;
  if (sources.length === 0) {
    return unparsed === 0 ? [] : [`${pluralize(unparsed, 'line')} not understood: in no count of a level. ${runCheck}`];
  }
  const since = timeWithin(from, from, decidedAt);
  return [
    ...sources.map((source) => {
      const name = truncate(visible(source.source), shown.source);
      const line = truncate(visible(conceal(source.text)), shown.line);
      const lines = pluralize(source.unparsed, 'line');
      return `${lines} of ${name}, read since ${since} UTC, not understood: in no count of a level. ${runCheck} The first: ${line}`;
    }),
    ...(others === 0 ? [] : [`${pluralize(others, 'line')} of other files, read since then, not understood.`]),
  ];
}

const runCheck = 'Run telltale check on the file.';

function note(count: number, say: (count: number) => string): string | null {
  return count > 0 ? say(count) : null;
}

/** For a message that was decided before the producer said that everything is read. */
export const unreadLines = 'Lines may still be unread: the producer has not said that everything is read.';

/** @param times how often a gap was found, at least once */
export function lostLines(times: number): string {
  return `Lines may be missing: ${replaced(times)}, perhaps before its last lines were read. ${whichFiles}`;
}

function replaced(times: number): string {
  return times === 1 ? 'a log file was replaced' : `${formatCount(times)} times a log file was replaced`;
}

const whichFiles = 'Run telltale audit to see which.';

/** `web-1 is`, `web-1 and web-2 are` */
export function laggingNames(origins: readonly string[]): string {
  const names = origins.slice(0, namedLagging).map((origin) => truncate(visible(origin), 48));
  const more = origins.length - names.length;
  return `${joinWords(more > 0 ? [...names, pluralize(more, 'other')] : names)} ${origins.length === 1 ? 'is' : 'are'}`;
}
