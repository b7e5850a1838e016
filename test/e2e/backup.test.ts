import { appendFileSync, copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runLocal } from '../../src/apps/local';
import { runAudit } from '../../src/commands/audit';
import { runBackup } from '../../src/commands/backup';
import { storedBatches } from '../support/damage';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';
import { readLines, untilWindows, withEventLog } from '../support/topics';

const folders = tempFolders();

describe('telltale backup', () => {
  it('copies all records into one private file, also while a program has the event log open', async () => {
    const data = folders.make();
    const config = configWith(`dataDir=${data}`);
    const file = writeLog(folders.make(), 'web-1/app.log', `${logbackLines(30).join('\n')}\n`);
    await runLocal(config, { once: [file], keepData: true, json: true }, collectingIo());
    const target = join(folders.make(), "it's a copy.db");
    const io = collectingIo();
    await withEventLog(data, () => runBackup(config, { target, json: false }, io));
    expect(io.printed()).toBe(`${target}: ${statSync(target).size} bytes, checked\n`);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(existsSync(`${target}.part`)).toBe(false);

    const restored = join(folders.make(), 'restored');
    mkdirSync(restored);
    copyFileSync(target, join(restored, 'events.db'));
    expect(storedBatches(restored)).toEqual(storedBatches(data));
  });

  it('is restored to continue from its moment: each line is counted once, also those after the copy', async () => {
    const data = folders.make();
    const config = configWith(`dataDir=${data}`, 'generator.hosts=0', 'upload.schedule=* * * * * *');
    const log = join(data, 'hosts', 'web-1', 'app.log');
    mkdirSync(dirname(log), { recursive: true });
    const lines = logbackLines(30);
    const runUntil = async (count: number, then: () => Promise<unknown>): Promise<void> => {
      const io = collectingIo();
      const ended = runLocal(config, { once: null, keepData: true, json: false }, io);
      await io.whenPrinted(/Ctrl-C stops/);
      const isCounted = (windows: readonly { readonly lines: number }[]): boolean =>
        windows.reduce((sum, window) => sum + window.lines, 0) === count;
      await withEventLog(data, (open) => untilWindows(open, isCounted));
      await then();
      io.interrupt();
      expect(await ended).toBe(0);
    };
    const target = join(folders.make(), 'copy.db');
    appendFileSync(log, `${lines.slice(0, 10).join('\n')}\n`);
    await runUntil(10, () => runBackup(config, { target, json: false }, collectingIo()));
    appendFileSync(log, `${lines.slice(10, 20).join('\n')}\n`);
    await runUntil(20, () => Promise.resolve());

    for (const suffix of ['', '-wal', '-shm']) rmSync(join(data, `events.db${suffix}`), { force: true });
    copyFileSync(target, join(data, 'events.db'));
    appendFileSync(log, `${lines.slice(20).join('\n')}\n`);
    await runUntil(30, () => Promise.resolve());
    const read = await withEventLog(data, (open) => readLines(open));
    expect(Object.values(read).map((named) => named.map((name) => name.replace(/^\d+:\d+ /, '')))).toEqual([lines]);
    expect(await runAudit(config, { sources: [], json: false }, collectingIo())).toBe(0);
  });

  it('never replaces a file, and makes no event log', async () => {
    const data = folders.make();
    const target = join(data, 'copy');
    const config = configWith(`dataDir=${data}`);
    const backup = (): Promise<number> => runBackup(config, { target, json: false }, collectingIo());
    await expect(backup()).rejects.toMatchObject({ code: 'DATA_FOLDER' });
    expect(existsSync(join(data, 'events.db'))).toBe(false);
    writeFileSync(target, '');
    await withEventLog(data, () => Promise.resolve());
    await expect(backup()).rejects.toMatchObject({ code: 'USAGE' });
  });
});
