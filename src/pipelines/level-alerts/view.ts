import type { News, View } from '../../stream/view';
import { parseOutboxRecord } from './alerting/outbox-records';
import { parseWindowRecord } from './counting/parse-window-record';
import type { WindowRecord } from './counting/window-record';
import { alertSummaryOf } from './mail/alert-summary';
import { UndeliveredMails } from './mail/undelivered';
import { SourcesNotUnderstood } from './not-understood-section';
import { statusSections } from './status-page';
import { windowTable } from './window-table';

/** More windows than this are not shown; the oldest leave first. */
const SHOWN_WINDOWS = 2_000;
/** Rows of the table on a terminal. */
const ROWS = 12;

/** The latest windows and the mails that were sent. */
export function levelAlertsView(): View {
  const windows = new Map<string, WindowRecord>();
  const undelivered = new UndeliveredMails();
  const notUnderstood = new SourcesNotUnderstood();
  const printed = new Set<string>();
  let messages: string[] = [];
  let [lines, mails, newMails] = [0, 0, 0];

  const addWindow = (key: Buffer, value: Buffer | null): void => {
    const name = key.toString('utf8');
    const window = value === null ? null : parseWindowRecord(key, value);
    if (value === null) windows.delete(name);
    notUnderstood.put(name, window);
    if (window === null) return;
    lines += Math.max(0, window.lines - (windows.get(name)?.lines ?? 0));
    windows.delete(name);
    windows.set(name, window);
    for (const oldest of windows.keys()) {
      if (windows.size <= SHOWN_WINDOWS) break;
      windows.delete(oldest);
    }
  };

  const addMail = (key: Buffer, value: Buffer | null, isNew: boolean): void => {
    const entry = parseOutboxRecord(key, value);
    const report = entry === null ? null : undelivered.take(entry);
    if (report === null) return;
    mails += 1;
    if (!isNew) return;
    newMails += 1;
    messages.push(`mail  ${alertSummaryOf(report).subject}`);
  };

  const news = (): News => {
    const complete = [...windows].filter(([name, window]) => window.complete && !printed.has(name));
    const isFirst = printed.size === 0;
    for (const [name] of complete) printed.add(name);
    const table = windowTable(last(complete.map(([, window]) => window)));
    const said = messages;
    messages = [];
    return { messages: said, rows: complete.length === 0 ? [] : table.slice(isFirst ? 0 : 1) };
  };

  return {
    topics: ['windows', 'outbox'],
    add: ({ topic, key, value, isNew }) => (topic === 'windows' ? addWindow(key, value) : addMail(key, value, isNew)),
    metrics: () => [
      {
        name: 'telltale_lines_total',
        help: 'Lines counted in windows seen since the start.',
        type: 'counter',
        value: lines,
      },
      { name: 'telltale_mails_total', help: 'Mails sent since the start.', type: 'counter', value: newMails },
    ],
    sections: (lastMails) => [
      notUnderstood.section(),
      ...statusSections({ windows: [...windows.values()], mails, undelivered: undelivered.list() }, lastMails),
    ],
    table: () => windowTable(last([...windows.values()])),
    news,
  };
}

function last(windows: readonly WindowRecord[]): WindowRecord[] {
  return [...windows]
    .sort((a, b) => Date.parse(a.windowStart) - Date.parse(b.windowStart) || (a.origin < b.origin ? -1 : 1))
    .slice(-ROWS);
}
