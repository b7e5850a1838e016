import type { MailReport } from '../alerting/mail-report';
import { clipped, visible } from './escape';
import { counted, figure, listed } from './words';

/** Reports name at most this many lagging origins here. */
const namedLagging = 8;

/** What a reader must know to judge the figures: one sentence each, never none. */
export function notesOf(report: MailReport): readonly string[] {
  const { notes } = report;
  const gaps = notes.gaps ?? 0;
  const said = [
    note(notes.incomplete, (n) => `${counted(n, 'window')} not complete yet: more lines may come.`),
    note(
      notes.lagging.length,
      () => `${laggingNames(notes.lagging)} not heard of up to the end yet, and not waited for.`,
    ),
    note(gaps, (n) => `Lines may be missing: ${replaced(n)}, perhaps before its last lines were read. ${whichFiles}`),
    note(notes.expired, (n) => `${counted(n, 'line')} too late for the window they belong to, counted on arrival.`),
    note(
      notes.unparsed,
      (n) => `${counted(n, 'line')} could not be parsed: no record stands before them in their file.`,
    ),
    note(notes.future, (n) => `${counted(n, 'line')} stamped in the future.`),
    note(notes.again, (n) => `${counted(n, 'line')} repeated by rewritten files, left out of the counts.`),
    note(notes.continuation, (n) => `${counted(n, 'line')} of stack traces and the like, counted with their record.`),
  ].filter((sentence) => sentence !== null);
  const judged = notes.incomplete === 0 && notes.lagging.length === 0 && gaps === 0;
  return judged ? ['Every window is complete, and no origin is behind.', ...said] : said;
}

function note(count: number, say: (count: number) => string): string | null {
  return count > 0 ? say(count) : null;
}

function replaced(times: number): string {
  return times === 1 ? 'a log file was replaced' : `${figure(times)} times a log file was replaced`;
}

const whichFiles = 'Run telltale audit to see which.';

function laggingNames(origins: readonly string[]): string {
  const names = origins.slice(0, namedLagging).map((origin) => clipped(visible(origin), 48));
  const more = origins.length - names.length;
  return `${listed(more > 0 ? [...names, counted(more, 'other')] : names)} ${origins.length === 1 ? 'is' : 'are'}`;
}
