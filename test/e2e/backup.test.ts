import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLocal } from '../../src/apps/local';
import { runBackup } from '../../src/commands/backup';
import { storedBatches } from '../support/damage';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';
import { withEventLog } from '../support/topics';

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
