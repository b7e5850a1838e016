import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { explainError } from '../../src/cli/explain-error';
import { runReplay } from '../../src/commands/replay';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog, writeUglyLogs } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

async function replay(paths: readonly string[], ...set: string[]): Promise<string> {
  const io = collectingIo();
  expect(await runReplay(configWith(...set), { paths, json: true, terminatedOnly: false }, io)).toBe(0);
  return io.printed();
}

/** The output about a refused input. */
async function refused(content: Buffer, ...set: string[]): Promise<{ exitCode: number; line: string | undefined }> {
  const path = writeLog(folders.make(), 'web-1/app.log', content);
  const error: unknown = await replay([path], ...set).catch((reason: unknown) => reason);
  const { exitCode, lines } = explainError(error, false);
  expect(lines.length).toBe(1);
  return { exitCode, line: lines[0]?.replace(path, 'FILE') };
}

const log = `${logbackLines(200).join('\n')}\n`;

describe('telltale replay', () => {
  it('gives equal results for files and their gzips, with any names', async () => {
    const paths = writeUglyLogs(folders.make());
    const other = folders.make();
    const contents = paths.map((path) => ({ name: path.split('/').slice(-3).join('/'), content: readFileSync(path) }));
    const plain = contents.map(({ name, content }) => writeLog(other, `plain/${name}`, content));
    const zipped = contents.map(({ name, content }) => writeLog(other, `zipped/${name}`, gzipSync(content)));
    const results = await replay(plain);
    expect(results.length).toBeGreaterThan(1000);
    expect((await replay(zipped)).replaceAll(join(other, 'zipped'), join(other, 'plain'))).toBe(results);
  });

  it('detects gzip by the bytes: a plain file may be called .gz', async () => {
    const name = 'web-1/app.2021-10-17.log.gz';
    const lines = '10:00:01.000 [main] ERROR app.Main - failed\n';
    const zipped = await replay([writeLog(folders.make(), name, gzipSync(lines))]);
    expect(zipped).toContain('2021-10-17T10:00:00');
    expect(await replay([writeLog(folders.make(), name, lines)])).toBe(zipped);
  });

  it('says once that a file called .gz is plain', async () => {
    const io = collectingIo();
    const path = writeLog(folders.make(), 'web-1/app.log.gz', log);
    await runReplay(configWith(), { paths: [path], json: true, terminatedOnly: false }, io);
    expect(io.logged.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', message: 'object is not compressed, although its name says so', fields: { file: path } },
    ]);
  });

  it.each([
    [
      'UTF-16',
      Buffer.from(`\uFEFF${log}`, 'utf16le'),
      'FILE is UTF-16, which is not read: convert it to UTF-8 first, for example with iconv -f UTF-16 -t UTF-8',
    ],
    ['half a gzip', gzipSync(log).subarray(0, 400), 'FILE: the gzip is truncated: write it again, or append the rest'],
    [
      'a gzip followed by text',
      Buffer.concat([gzipSync(log), Buffer.from(log)]),
      'FILE: the gzip is corrupt: write it again',
    ],
    [
      'a bomb',
      gzipSync(Buffer.alloc(20 * 2 ** 20)),
      'FILE: the gzip holds more than ingest.maxGzipRatio times its compressed size: it may be a bomb; if not, raise that',
    ],
  ])('refuses %s in one sentence that names the file', async (_, content, sentence) => {
    expect(await refused(content)).toEqual({ exitCode: 1, line: `telltale: ${sentence}` });
  });

  it('reads a highly compressed file when the ratio allows it', async () => {
    const path = writeLog(folders.make(), 'web-1/app.log', gzipSync(`${'no level '.repeat(8)}\n`.repeat(2 ** 18)));
    await expect(replay([path])).rejects.toThrow('ingest.maxGzipRatio');
    expect(await replay([path], 'ingest.maxGzipRatio=1032')).toContain(`"lines":${2 ** 18}`);
  });
});
