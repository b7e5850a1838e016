import { compileGlob } from '../../glob';
import type { News, View } from '../../stream/view';
import { parseOutboxRecord } from './alerting/outbox-records';
import { parseWindowRecord } from './counting/parse-window-record';
import type { WindowRecord } from './counting/window-record';
import { subjectOf } from './mail/summary-words';
import { UndeliveredMessages } from './mail/undelivered';
import { statusSections } from './status-page';
import { latestFirst, ShownWindows } from './shown-windows';
import { windowTable } from './window-table';

/** Rows of the table on a terminal. */
const ROWS = 12;
/** Completed windows between two calls of `news`; most of them are older than the rows. */
const MAX_COMPLETED = 1_000;
/** Mails that wait to be told: the consumer has no terminal that shows them. */
const MAX_MESSAGES = 100;

/** Which hosts a rule watches, as the configuration says. */
interface WatchedHosts {
  readonly name: string;
  readonly origins: string;
}

/** The latest windows and the mails that were sent. */
export function levelAlertsView(rules: readonly WatchedHosts[] = []): View {
  const globs = rules.map(({ name, origins }) => ({ name, origins, matches: compileGlob(origins) }));
  const windows = new ShownWindows();
  const undelivered = new UndeliveredMessages();
  let completed = new Map<string, WindowRecord>();
  let isFirst = true;
  let messages: string[] = [];
  let [lines, mails, newMails] = [0, 0, 0];

  const addWindow = (key: Buffer, value: Buffer | null): void => {
    const name = key.toString('utf8');
    const window = value === null ? null : parseWindowRecord(key, value);
    if (value === null) windows.delete(name);
    if (window === null) return;
    lines += Math.max(0, windows.put(name, window));
    if (!window.complete) return;
    completed.set(name, { ...window, patterns: [], samples: [], levels: {} });
    if (completed.size > MAX_COMPLETED)
      completed = new Map([...completed].sort(([, a], [, b]) => latestFirst(a, b)).slice(0, ROWS));
  };

  const addMail = (key: Buffer, value: Buffer | null, isNew: boolean): void => {
    const entry = parseOutboxRecord(key, value);
    const report = entry === null ? null : undelivered.take(entry);
    if (report === null) return;
    mails += 1;
    if (!isNew) return;
    newMails += 1;
    messages = [...messages, `mail  ${subjectOf(report)}`].slice(-MAX_MESSAGES);
  };

  const news = (): News => {
    const table = windowTable(last([...completed.values()]));
    const rows = completed.size === 0 ? [] : table.slice(isFirst ? 0 : 1);
    isFirst &&= completed.size === 0;
    const said = messages;
    messages = [];
    completed = new Map();
    return { messages: said, rows };
  };

  const isWithoutHosts = ({ matches }: (typeof globs)[number]): boolean =>
    windows.hostCount > 0 && !windows.hasHost(matches);

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
      {
        name: 'telltale_mails_total',
        help: 'Mails and other messages that reached a receiver since the start.',
        type: 'counter',
        value: newMails,
      },
      {
        name: 'telltale_rules_without_hosts',
        help: 'Rules whose hosts match none of the hosts that are shown.',
        type: 'gauge',
        value: globs.filter(isWithoutHosts).length,
      },
    ],
    sections: (lastMails, query) =>
      statusSections(
        { windows, mails, undelivered: undelivered.list(), rulesWithoutHosts: globs.filter(isWithoutHosts) },
        lastMails,
        query,
      ),
    table: () => windowTable(last(windows.newest)),
    news,
  };
}

/** The latest rows, the last one at the end. */
function last(windows: readonly WindowRecord[]): WindowRecord[] {
  return [...windows].sort(latestFirst).slice(0, ROWS).reverse();
}
