import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runLocal } from '../../src/apps/local';
import { explainError } from '../../src/cli/explain-error';
import { runReplay } from '../../src/commands/replay';
import type { Config } from '../../src/config';
import { collectingIo, configWith, type CollectingIo } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { parseResults } from '../support/results';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

type Command = (config: Config, paths: readonly string[], io: CollectingIo) => Promise<number>;

const replay: Command = (config, paths, io) => runReplay(config, { paths, json: true, terminatedOnly: false }, io);
// In folders of its own: other tests check that no temporary file is left.
const once: Command = (config, paths, io) =>
  runLocal({ ...config, dataDir: folders.make() }, { once: paths, keepData: true, json: true }, io);
const commands: [string, Command][] = [
  ['replay', replay],
  ['local --once', once],
];

const log = `${logbackLines(2000).join('\n')}\n`;
const gzip = gzipSync(log);
const utf16 = Buffer.from('\uFEFFa line\n', 'utf16le');

describe.each(commands)('telltale %s', (_, command) => {
  /** Its output, and the end of standard error. */
  async function leftOut(
    paths: readonly string[],
  ): Promise<{ out: string; lines: readonly string[]; exitCode: number }> {
    const io = collectingIo();
    const error = await command(configWith(), paths, io).catch((reason: unknown) => reason);
    expect(io.logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    return { out: io.printed(), ...explainError(error, false) };
  }

  it('prints the results of all files that can be read, then why the others cannot', async () => {
    const folder = folders.make();
    const good = [
      writeLog(folder, 'web-1/app.log', log),
      writeLog(folder, 'web-3/app.log', `${logbackLines(30).join('\n')}\n`),
    ];
    const bad = [
      writeLog(folder, 'web-1/utf-16.log', utf16),
      writeLog(folder, 'web-2/corrupt.gz', Buffer.concat([gzip, Buffer.from('text')])),
      // Some of its lines could be read.
      writeLog(folder, 'web-2/truncated.gz', gzip.subarray(0, gzip.length / 2)),
      writeLog(folder, 'web-2/bomb.gz', gzipSync(Buffer.alloc(20 * 2 ** 20))),
    ];
    symlinkSync('/nowhere', join(folder, 'web-2/link.log'));
    const { out, lines, exitCode } = await leftOut([folder]);
    const expected = collectingIo();
    expect(await command(configWith(), good, expected)).toBe(0);
    expect(out).toBe(expected.printed());
    expect(parseResults(out).summary).toMatchObject({ lines: 2030 });
    expect(exitCode).toBe(1);
    const [why16 = '', whyCorrupt = '', whyTruncated = '', whyBomb = ''] = bad;
    expect([...lines].sort()).toEqual(
      [
        `telltale: ${why16} is UTF-16, which is not read: convert it to UTF-8 first, for example with iconv -f UTF-16 -t UTF-8`,
        `telltale: ${whyCorrupt}: the gzip is corrupt: write it again`,
        `telltale: ${whyTruncated}: the gzip is truncated: write it again, or append the rest`,
        `telltale: ${whyBomb}: the gzip holds more than ingest.maxGzipRatio times its compressed size: it may be a bomb; if not, raise that`,
        `telltale: ${dirname(whyBomb)}/link.log leads nowhere (ENOENT)`,
      ].sort(),
    );
  });

  it('names ten files, and counts the rest', async () => {
    const folder = folders.make();
    for (let i = 0; i < 12; i++) writeLog(folder, `web-1/${i}.log`, utf16);
    const { lines } = await leftOut([folder]);
    expect(lines).toHaveLength(11);
    expect(lines[10]).toBe('telltale: and 2 more that cannot be read');
  });

  it('counts bytes decompressed', async () => {
    const { out } = await leftOut([writeLog(folders.make(), 'web-1/app.gz', gzip)]);
    expect(parseResults(out).summary).toMatchObject({ lines: 2000, bytes: log.length });
  });

  it('warns of keys in ingest.sources that fit none of the files', async () => {
    const io = collectingIo();
    const sources = JSON.stringify([
      { keys: 'logs/web-*/**' },
      { keys: '**/db-*/*' },
      { keys: '**/web-*/*', zone: 'Asia/Tokyo' },
    ]);
    const path = writeLog(folders.make(), 'web-1/app.log', log);
    expect(await command(configWith(`ingest.sources=${sources}`), [path], io)).toBe(0);
    const warnings = io.logged.filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([
      {
        level: 'warn',
        message: expect.stringMatching(
          /^ingest\.sources\.0\.keys fits none of the files.*"web-1\/app\.log"; let it begin with \*\*\/$/,
        ) as string,
        fields: { keys: 'logs/web-*/**' },
      },
      {
        level: 'warn',
        message: expect.stringMatching(
          /^ingest\.sources\.1\.keys fits none of the files.*"web-1\/app\.log"$/,
        ) as string,
        fields: { keys: '**/db-*/*' },
      },
    ]);
  });
});

describe.each(commands)('telltale %s', (_, command) => {
  it.each([
    ['ingest.include=["**/*.txt"]', 'ingest.include'],
    ['ingest.exclude=["**/*.log"]', 'ingest.exclude'],
    ['ingest.since=now', 'ingest.since'],
    ['ingest.origin=^(.)', 'ingest.origin'],
    ['consumer.run=["counting"]', 'consumer.run'],
  ])('reads every file and warns when %s is set, which it ignores', async (setting, key) => {
    const io = collectingIo();
    const path = writeLog(folders.make(), 'web-1/app.log', log);
    expect(await command(configWith(setting), [path], io)).toBe(0);
    expect(io.logged.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: `${key} ignored: here all given files are read, the folder of a file is its origin, and all jobs run`,
        fields: { keys: [key] },
      },
    ]);
    expect(parseResults(io.printed()).summary).toMatchObject({ lines: 2000 });
  });
});

describe('telltale local --once --data', () => {
  it('counts the bytes of all files that the folder was ever given, as it counts their lines', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    const run = async (name: string): Promise<unknown> => {
      const io = collectingIo();
      const options = { once: [writeLog(folders.make(), name, log)], keepData: true, json: true };
      expect(await runLocal(config, options, io)).toBe(0);
      return parseResults(io.printed()).summary;
    };
    expect(await run('web-1/app.log')).toMatchObject({ lines: 2000, bytes: log.length });
    expect(await run('web-2/app.log')).toMatchObject({ lines: 4000, bytes: 2 * log.length });
  });
});

describe('the windows for people', () => {
  it('are the newest of all origins, in order of origin and time', async () => {
    const folder = folders.make();
    const line = (day: Date): string => `${day.toISOString().slice(0, 10)} 10:00:00.000 [main] INFO  app.Main - done\n`;
    const days = (year: number, count: number): string =>
      Array.from({ length: count }, (_, i) => line(new Date(Date.UTC(year, 0, 1 + i)))).join('');
    const paths = [
      writeLog(folder, 'a/app.log', days(2026, 30)),
      writeLog(folder, 'b/app.log', days(2005, 60)),
      writeLog(folder, 'c/app.log', days(2025, 11)),
    ];
    const io = collectingIo();
    expect(await runReplay(configWith(), { paths, json: false, terminatedOnly: false }, io)).toBe(0);
    const rows = io
      .printed()
      .split('\n')
      .filter((row) => /^[abc] /.test(row));
    const expected = [
      ...Array.from({ length: 30 }, (_, i) => `a 2026-01-${String(i + 1).padStart(2, '0')}`),
      ...Array.from({ length: 10 }, (_, i) => `c 2025-01-${String(i + 2).padStart(2, '0')}`),
    ];
    expect(rows.map((row) => row.split(/ +/).slice(0, 2).join(' '))).toEqual(expected);
    expect(io.printed()).toContain('\n(61 earlier windows are not shown; --json prints them all)\n');
  });
});
