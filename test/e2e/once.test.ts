import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLocal } from '../../src/apps/local';
import { runReplay } from '../../src/commands/replay';
import type { Config } from '../../src/config';
import type { Parts, Site } from '../../src/stream/pipeline';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, stamp, writeLog, writeUglyLogs } from '../support/log-files';
import { comparable, parseResults } from '../support/results';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

/** The results of a command, in the fields that must be equal (`replay-equals-live`). */
interface Results {
  readonly windows: object[];
  readonly mails: { id: string; subject: string }[];
  readonly summary: Record<string, unknown>;
}

function resultsOf(out: string): Results {
  const { windows, mails, summary } = parseResults(out);
  return {
    windows: windows.map(comparable),
    mails: (mails as Results['mails']).map(({ id, subject }) => ({ id, subject })),
    summary: summary as Record<string, unknown>,
  };
}

async function once(paths: readonly string[], ...set: string[]): Promise<Results> {
  const io = collectingIo();
  expect(await runLocal(configWith(...set), { once: paths, keepData: false, json: true }, io)).toBe(0);
  expect(io.logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  return resultsOf(io.printed());
}

async function replay(paths: readonly string[], terminatedOnly = false, ...set: string[]): Promise<Results> {
  const io = collectingIo();
  expect(await runReplay(configWith(...set), { paths, json: true, terminatedOnly }, io)).toBe(0);
  return resultsOf(io.printed());
}

/** The configuration with another sender of mails, which nothing checks. */
function withSender(config: Config, from: string): Config {
  const changed = ({ deliveries, ...parts }: Parts): Parts => ({
    ...parts,
    deliveries: deliveries.map((use) => ({
      ...use,
      folder: { ...use.folder, from },
    })),
  });
  const pipelines = config.pipelines.map((pipeline) => ({
    ...pipeline,
    parts: (site: Site) => changed(pipeline.parts(site)),
  }));
  return { ...config, pipelines };
}

describe('telltale local --once', () => {
  it('gives the results of replay: several origins that overlap, formats, traces, CR LF, BOM, torn lines', async () => {
    const paths = writeUglyLogs(folders.make());
    const results = await once(paths);
    expect(results).toEqual(await replay(paths));
    // Not equal for lack of anything to compare.
    expect(results.mails.length).toBeGreaterThan(0);
    expect(results.windows.length).toBeGreaterThan(15);
    expect(results.summary).toMatchObject({ unparsed: 3 });
    expect(results.summary['continuation']).toBeGreaterThan(40);
    expect(Object.values(results.summary['counts'] as object).every((count) => Number(count) > 0)).toBe(false);
  });

  it('gives the results of replay with other windows, rules and batches', async () => {
    const paths = writeUglyLogs(folders.make());
    const rules = JSON.stringify([
      { name: 'many-errors', threshold: 3, window: '90s', each: true },
      { name: 'warnings', level: 'warn', threshold: 0, window: '30s', origins: 'web-[1-3]' },
    ]);
    const set = [
      'window=30s',
      `rules=${rules}`,
      'ingest.maxLineBytes=1KiB',
      'ingest.batchBytes=2KiB',
      'ingest.credit=1',
      'ingest.concurrency=2',
    ];
    const results = await once(paths, ...set);
    expect(results).toEqual(await replay(paths, false, ...set));
    expect(new Set(results.mails.map(({ subject }) => subject)).size).toBeGreaterThan(2);
  });

  it('does not depend on the order of the files, except for mails of equal time', async () => {
    const folder = folders.make();
    const paths = ['web-1', 'web-2', 'web-3'].map((host, i) =>
      writeLog(folder, `${host}/app.log`, `${logbackLines(50, { from: i * 10 }).join('\n')}\n`),
    );
    expect(await once([...paths].reverse())).toEqual(await once(paths));
  });

  it('counts files with equal names apart, and both for their origin', async () => {
    const folder = folders.make();
    const content = `${logbackLines(10).join('\n')}\n`;
    const paths = ['a/web-1/app.log', 'b/web-1/app.log', 'c/web-1/app.log'].map((name) =>
      writeLog(folder, name, content),
    );
    const results = await once(paths);
    expect(results).toEqual(await replay(paths));
    expect(results.summary).toMatchObject({ lines: 30, windows: 1 });
  });

  it('prints the results and fails when a mail is refused, and not again in the next run', async () => {
    const folder = folders.make();
    const path = writeLog(folder, 'web-1/app.log', `${stamp(0)}.000 [main] ERROR app.Main - x\n`.repeat(3));
    const config = configWith(`dataDir=${join(folder, 'data')}`);
    const refusing = withSender(config, 'not an address');
    const io = collectingIo();
    const running = runLocal(refusing, { once: [path], keepData: true, json: true }, io);
    await expect(running).rejects.toMatchObject({ code: 'DELIVERY_REFUSED', exitCode: 1 });
    expect(resultsOf(io.printed()).mails).toHaveLength(1);
    expect(io.logged).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'delivery refused permanently' }),
    );
    expect(await runLocal(config, { once: [path], keepData: true, json: true }, collectingIo())).toBe(0);
  });

  it('takes file names as they are', async () => {
    const folder = folders.make();
    const names = [
      'web 1/a b.log',
      'web-2/ä%20+&#.log',
      "web-3/';$(id)`.log",
      'web-4/new\nline.log',
      '-x/-y.log',
      'w/…log',
    ];
    const paths = names.map((name) =>
      writeLog(folder, name, `${stamp(0)}.000 [main] ERROR app.Main - ${name.length}\n`),
    );
    const results = await once(paths);
    expect(results).toEqual(await replay(paths));
    expect(results.summary).toMatchObject({ lines: names.length });
  });

  it('reads folders, and leaves nothing behind', async () => {
    const folder = folders.make();
    writeUglyLogs(folder);
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('telltale-once-'));
    const results = await once([join(folder, 'a'), join(folder, 'b')]);
    expect(results).toEqual(await replay([join(folder, 'a'), join(folder, 'b')]));
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('telltale-once-'));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });

  it('ends with an empty result for empty files', async () => {
    const path = writeLog(folders.make(), 'web-1/empty.log', '');
    const results = await once([path]);
    expect(results).toEqual(await replay([path]));
    expect(results.summary).toMatchObject({ lines: 0, bytes: 0, windows: 0 });
  });

  it('prints a table for people', async () => {
    const io = collectingIo();
    const paths = writeUglyLogs(folders.make());
    expect(await runLocal(configWith(), { once: paths, keepData: false, json: false }, io)).toBe(0);
    const replayed = collectingIo();
    expect(await runReplay(configWith(), { paths, json: false, terminatedOnly: false }, replayed)).toBe(0);
    expect(io.printed()).toBe(replayed.printed());
    expect(io.printed()).toMatch(/^web-1 +2026-11-20 10:00:00 .*complete$/m);
    expect(io.printed()).toMatch(/^[-\d]{10} [:\d]{8} UTC {2}mail to you@localhost: \[errors\] \d+ errors in/m);
  });
});

describe('telltale local', () => {
  it("watches the user's files without generators", async () => {
    const data = folders.make();
    writeLog(data, 'hosts/web-1/app.log', `${logbackLines(50).join('\n')}\n`);
    const io = collectingIo();
    const config = configWith(`dataDir=${data}`, 'generator.hosts=0', 'idleAfter=1s');
    const running = runLocal(config, { once: null, keepData: true, json: false }, io);
    await io.whenPrinted(/^web-1 +2026-11-20 10:00:00 .* 50 /m);
    io.interrupt();
    expect(await running).toBe(0);
    expect(io.printed()).toMatch(/^logs .*hosts {2}\(no generators: put files into NAME\/\)$/m);
    expect(readdirSync(join(data, 'hosts'))).toEqual(['web-1']);
  });
});

describe('telltale replay', () => {
  it('omits an unterminated last line on request', async () => {
    const folder = folders.make();
    const lines = logbackLines(10);
    const torn = writeLog(folder, 'web-1/torn.log', lines.join('\n'));
    const whole = writeLog(folder, 'web-1/whole.log', `${lines.slice(0, 9).join('\n')}\n`);
    expect((await replay([torn])).summary).toMatchObject({ lines: 10 });
    const { windows, summary } = await replay([torn], true);
    expect(summary).toMatchObject({ lines: 9 });
    expect(windows).toEqual((await replay([whole])).windows);
  });
});
