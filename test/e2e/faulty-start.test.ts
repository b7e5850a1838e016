import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runGenerator } from '../../src/apps/generator';
import { runWatch } from '../../src/apps/watch';
import { runRepair } from '../../src/commands/repair';
import { runReplay } from '../../src/commands/replay';
import { inDatabase } from '../support/damage';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';
import { readLines, withEventLog } from '../support/topics';

const folders = tempFolders();

describe('telltale watch', () => {
  it('starts again on its data folder after a first start that failed', async () => {
    const data = join(folders.make(), 'data');
    const log = writeLog(folders.make(), 'app.log', `${logbackLines(3).join('\n')}\n`);
    const config = configWith(`dataDir=${data}`);
    const watch = (): Promise<number> => runWatch(config, { paths: [log], host: 'web-1' }, true, collectingIo());
    mkdirSync(data, { mode: 0o700 });
    symlinkSync('/nowhere/at/all', join(data, 'mail'));
    await expect(watch()).rejects.toMatchObject({ message: expect.stringContaining('the mailbox') as string });
    rmSync(join(data, 'mail'));
    expect(await watch()).toBe(0);
    const lines = await withEventLog(data, (events) => readLines(events));
    expect(Object.values(lines).flat()).toHaveLength(3);
  });
});

describe('telltale repair', () => {
  it('leaves an event log alone that it cannot open, or that a newer version wrote', async () => {
    const data = folders.make();
    const config = configWith(`dataDir=${data}`);
    const repair = (): Promise<number> => runRepair(config, { json: true }, collectingIo());
    mkdirSync(join(data, 'events.db'));
    await expect(repair()).rejects.toMatchObject({ message: expect.stringContaining('(EISDIR)') as string });
    rmSync(join(data, 'events.db'), { recursive: true });
    await withEventLog(data, () => Promise.resolve());
    inDatabase(data, (database) => database.exec('PRAGMA user_version = 99'));
    await expect(repair()).rejects.toMatchObject({ message: expect.stringContaining('format 99') as string });
    expect(readdirSync(data).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});

describe('telltale replay', () => {
  it('names a file that cannot be read to its end', async () => {
    // Linux: no memory is mapped at address 0.
    const replay = runReplay(
      configWith(),
      { paths: ['/proc/self/mem'], json: true, terminatedOnly: false },
      collectingIo(),
    );
    await expect(replay).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: 'Cannot read /proc/self/mem (EIO): the disk reports an error; check it.',
    });
  });
});

describe('telltale generator', () => {
  it('names the files at its end that it could not upload', async () => {
    const data = folders.make();
    mkdirSync(join(data, 'store/objects'), { recursive: true });
    symlinkSync('/nowhere/at/all', join(data, 'store/objects/telltale-logs'));
    const settings = ['generator.hosts=1', 'generator.burst=true', 'generator.maxCount=3'];
    const io = collectingIo();
    await runGenerator(configWith(`dataDir=${data}`, ...settings), io);
    expect(io.logged.at(-1)?.message).toBe('stopped; left for the next start: files that are not uploaded');
  });
});
