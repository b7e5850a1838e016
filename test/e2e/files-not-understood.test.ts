import { CounterRegistry } from '../../src/counters';
import { openEventLog, openMail } from '../../src/apps/compose';
import { openDataFolder } from '../../src/apps/data-folder';
import { HealthMonitor } from '../../src/apps/health-monitor';
import { runLocal } from '../../src/apps/local';
import { launchWeb } from '../../src/apps/view';
import type { Config } from '../../src/config';
import { TelltaleError } from '../../src/errors';
import type { EventLog, EventReader } from '../../src/ports/event-log';
import { collectingIo, configWith, type CollectingIo } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';
import { until } from '../support/until';

const folders = tempFolders();

/** Reads files into the data folder of the configuration. */
async function ingest(config: Config, paths: readonly string[]): Promise<void> {
  expect(await runLocal(config, { once: paths, keepData: true, json: true }, collectingIo())).toBe(0);
}

/** The status page over the data folder, as soon as it has these texts. */
async function pageOf(
  config: Config,
  expected: readonly string[],
  {
    io = collectingIo(),
    view = (log: EventLog) => log,
  }: { io?: CollectingIo; view?: (log: EventLog) => EventLog } = {},
): Promise<string> {
  const data = openDataFolder(config.dataDir);
  const log = await openEventLog(config, data);
  const parts = { mailbox: await openMail(data), counters: new CounterRegistry(), health: new HealthMonitor() };
  const web = await launchWeb(config, view(log), parts, io);
  let page = '';
  try {
    await until(`the page says ${expected.join(' and ')}`, 20_000, async () => {
      page = await (await fetch(web.url)).text();
      return expected.every((text) => page.includes(text));
    });
    return page;
  } finally {
    await web.close();
    await log.close();
  }
}

/** An event log that refuses to read a topic, as Kafka does without the right. */
function without(log: EventLog, denied: string): EventLog {
  const reader: EventReader = {
    fetch: () => Promise.reject(new TelltaleError('EVENT_LOG_DENIED', `Kafka does not let it read ${denied}.`)),
    close: () => Promise.resolve(),
  };
  const openReader: EventLog['openReader'] = (topic, partition, from) =>
    topic === denied ? reader : log.openReader(topic, partition, from);
  return Object.assign(Object.create(log) as EventLog, { openReader });
}

describe('the status page', () => {
  it('shows shares of whole files: it leaves out a file with a few odd lines before thousands', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    const folder = folders.make();
    const odd = Array.from({ length: 6 }, (_, i) => `odd ${i}\n`).join('');
    const lines = logbackLines(2_000).map((line) => `${line}\n`);
    await ingest(config, [
      writeLog(folder, 'web-1/good.log', odd + lines.join('')),
      writeLog(folder, 'web-1/bad.log', odd + lines.slice(0, 14).join('')),
    ]);
    const page = await pageOf(config, ['Files that are not understood']);
    expect(page).toMatch(/bad\.log<.*\n.*30 %.*\n.*6 of 20.*\n.*line 1<.*odd 0/);
    expect(page).not.toContain('good.log');
  });

  it('says when it may not read the checkpoints, and shows the rest', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    await ingest(config, [writeLog(folders.make(), 'web-1/app.log', logbackLines(10).join('\n'))]);
    const io = collectingIo();
    const view = (log: EventLog): EventLog => without(log, 'checkpoints');
    const said = 'cannot tell which files are not understood: Kafka does not let it read checkpoints.';
    await pageOf(config, [said, 'web-1'], { io, view });
    expect(io.logged.map(({ message }) => message)).toEqual([
      'the status page cannot tell which files are not understood',
    ]);
  });
});
