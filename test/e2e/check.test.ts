import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadConfig } from '../../src/config';
import { runCheck } from '../../src/commands/check';
import { runReplay } from '../../src/commands/replay';
import { pipelines } from '../../src/pipelines';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

async function check(path: string, json = false): Promise<{ exitCode: number; printed: string }> {
  const io = collectingIo();
  const exitCode = await runCheck(configWith(), { paths: [path], json }, io);
  return { exitCode, printed: io.printed() };
}

const known = `${logbackLines(10).join('\n')}\n`;

/** Lines of no known form. */
function odd(count: number): string {
  return Array.from({ length: count }, (_, i) => {
    return `pool ${i % 3} of shop 20;11;2026 10.${String(i % 60).padStart(2, '0')}.00 ~${'EWI'.charAt(i % 3)}~ no ERROR\n`;
  }).join('');
}

describe('telltale check', () => {
  it('shows the form, level and time of a file that is understood', async () => {
    const { exitCode, printed } = await check(writeLog(folders.make(), 'web-1/app.log.gz', gzipSync(known)));
    expect(exitCode).toBe(0);
    expect(printed).toContain('app.log.gz: 10 lines, all understood\n');
    expect(printed).toContain('100 %  date-time: ');
    expect(printed).toContain('line 1: INFO, 2026-11-20T10:00:00.000Z, read in zone UTC\n');
  });

  it('proposes an entry of ingest.sources that reads the lines', async () => {
    const folder = folders.make();
    const path = writeLog(folder, 'web-1/odd-20261120.log', odd(300));
    writeLog(folder, 'web-1/odd-20261121.log', odd(30));
    const { exitCode, printed } = await check(folder);
    expect(exitCode).toBe(1);
    expect(printed).toContain(`2 files such as ${path}: 330 lines, 330 NOT UNDERSTOOD (100 %)`);
    expect(printed).toContain('it understands 330 of 330 lines.\nIt reads line 1 as 2026-11-20T10:00:00.000Z, ERROR.');

    const file = join(folders.make(), 'telltale.yaml');
    writeFileSync(file, printed.slice(printed.indexOf('ingest:')));
    const { config } = loadConfig({ pipelines, file, set: [], env: {} });
    const io = collectingIo();
    await runReplay(config, { paths: [folder], json: true, terminatedOnly: false }, io);
    expect(io.printed()).toContain('"counts":{"error":110,"warn":110,"info":110,"debug":0,"none":0}');
    expect(await runCheck(config, { paths: [folder], json: false }, collectingIo())).toBe(0);
  });

  it('fails for records that were read as the continuation of another one', async () => {
    const { exitCode, printed } = await check(writeLog(folders.make(), 'web-1/app.log', known + odd(30)));
    expect(exitCode).toBe(1);
    expect(printed).toContain('40 lines, 30 PROBABLY NOT UNDERSTOOD');
  });

  it.each([
    ['@@7 plugin starts\n', 20, '60 lines, 20 PERHAPS NOT UNDERSTOOD (33.3 %)'],
    ['@@7 plugin starts\n', 19, '59 lines, all understood'],
    ['    at shop.Cart.add(Cart.java:7)\n', 200, '240 lines, all understood'],
  ])('doubts that many lines without indent continue a record: %j, %d times', async (line, times, verdict) => {
    const text = known.repeat(4) + line.repeat(times);
    const { exitCode, printed } = await check(writeLog(folders.make(), 'web-1/app.log', text));
    expect(exitCode).toBe(0);
    expect(printed).toContain(`app.log: ${verdict}\n`);
  });

  it('says that the proposed format finds no level', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => `ts=${1795000000 + i};sev=3;msg=step ${i}\n`).join('');
    const { printed } = await check(writeLog(folders.make(), 'web-1/app.log', lines));
    expect(printed).toContain('It finds no level, so none of these lines counts as an error: add (?<level>…)');
    const withLevel = await check(writeLog(folders.make(), 'web-1/app.log', odd(30)));
    expect(withLevel.printed).not.toContain('finds no level');
  });

  it('proposes nothing for the continuations of a container, and for quoted lines of another log', async () => {
    const cri = (text: string): string => `2026-11-20T10:00:00.5Z stdout F ${text}\n`;
    const wrapped = cri('2026-11-20 10:00:00 ERROR x') + cri('y at 2026-11-20 10:00:00 INFO z').repeat(3);
    for (const text of [wrapped, known.repeat(5) + odd(3)]) {
      const { exitCode, printed } = await check(writeLog(folders.make(), 'web-1/app.log', text));
      expect(exitCode).toBe(0);
      expect(printed).toContain(' lines, all understood');
      expect(printed).not.toContain('ingest:');
    }
  });

  it('says when no format can be proposed, with inert bytes', async () => {
    const path = writeLog(folders.make(), 'web-1/app.log', '\u001b]0;title\u0007 \u202e\n'.repeat(9));
    const { exitCode, printed } = await check(path);
    expect(exitCode).toBe(1);
    expect(printed).toContain('| \\u001b]0;title\\u0007 \\u202e\n');
    expect(printed).toContain('No format can be proposed');
  });

  it('prints one object per group of files with --json', async () => {
    const { printed } = await check(writeLog(folders.make(), 'web-1/app.log', `${known}\tat x\n`), true);
    expect(JSON.parse(printed)).toMatchObject({
      type: 'check',
      check: { lines: 11, notUnderstood: 0, zone: 'UTC', forms: [{ form: 'date-time', lines: 10, withoutZone: 10 }] },
    });
  });
});
