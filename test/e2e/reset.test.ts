import { join } from 'node:path';
import Database from 'libsql';
import { runLocal } from '../../src/apps/local';
import { runConsumer } from '../../src/apps/consumer';
import { findDataFolder } from '../../src/apps/data-folder';
import { runCat } from '../../src/commands/cat';
import { runReset } from '../../src/commands/reset';
import type { Config } from '../../src/config';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

async function printed(run: (io: ReturnType<typeof collectingIo>) => Promise<number>): Promise<string[]> {
  const io = collectingIo();
  expect(await run(io)).toBe(0);
  return io.printed().split('\n').slice(0, -1);
}

/** A data folder with counted lines. */
async function countedFolder(): Promise<Config> {
  const config = configWith(`dataDir=${folders.make()}`, 'eventLog.partitions=2');
  const file = writeLog(join(folders.make(), 'web-1'), 'app.log', `${logbackLines(3).join('\n')}\n`);
  await printed((io) => runLocal(config, { once: [file], keepData: true, json: true }, io));
  return config;
}

async function values(config: Config, topic: string): Promise<unknown[]> {
  const options = { topic, partition: null, from: 0, follow: false, json: true };
  const lines = await printed((io) => runCat(config, options, io));
  return lines.map((line) => (JSON.parse(line) as { value: unknown }).value);
}

describe('telltale reset', () => {
  it('deletes the windows of every partition, and says how many', async () => {
    const config = await countedFolder();
    const before = [...(await values(config, 'windows')), ...(await values(config, 'counting-state'))].length;
    const lines = await printed((io) => runReset(config, { job: 'counting', loseResults: false, json: true }, io));
    const answers = lines.map((line) => JSON.parse(line) as { deleted: number });
    expect(answers).toMatchObject([
      { type: 'reset', job: 'counting', partition: 0 },
      { type: 'reset', job: 'counting', partition: 1 },
    ]);
    expect(answers.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(before);
    expect((await values(config, 'windows')).every((value) => value === null)).toBe(true);
    expect(await printed((io) => runReset(config, { job: 'counting', loseResults: false, json: false }, io))).toEqual([
      'counting, partition 0: 0 records deleted, starts over',
      'counting, partition 1: 0 records deleted, starts over',
    ]);
  });

  it('counts the same windows and decides the same mails again when the files are read to their end', async () => {
    const config = configWith(`dataDir=${folders.make()}`, 'eventLog.partitions=2');
    const file = writeLog(join(folders.make(), 'web-1'), 'app.log', `${logbackLines(3).join('\n')}\n`);
    const run = (): Promise<string[]> =>
      printed((io) => runLocal(config, { once: [file], keepData: true, json: true }, io));
    const withoutRevisions = (lines: string[]): string[] => lines.map((line) => line.replace(/"revision":\d+/, ''));
    const before = await run();
    await printed((io) => runReset(config, { job: 'counting', loseResults: false, json: true }, io));
    await printed((io) => runReset(config, { job: 'alerting', loseResults: false, json: true }, io));
    expect(withoutRevisions(await run())).toEqual(withoutRevisions(before));
  });

  it('deletes nothing, and says which windows would be lost, when their lines are no longer in the topic', async () => {
    const config = await countedFolder();
    const before = await values(config, 'windows');
    // As retention does it: the oldest batches go, and the start moves.
    const database = new Database(findDataFolder(config).events);
    database.exec(`
      DELETE FROM batch WHERE partition IN (SELECT id FROM partition WHERE topic = 'logs');
      UPDATE partition SET start_offset = end_offset WHERE topic = 'logs'`);
    database.close();
    await expect(
      runReset(config, { job: 'counting', loseResults: false, json: false }, collectingIo()),
    ).rejects.toMatchObject({
      code: 'RESULTS_WOULD_BE_LOST',
      message: expect.stringMatching(
        /^1 window of counting, from \S+:00\.000Z to \S+:00\.000Z, cannot be computed again: their input is no longer in logs \(eventLog\.retention\)\. Nothing was deleted\. .* add --lose-results\.$/,
      ) as string,
    });
    expect(await values(config, 'windows')).toEqual(before);
    await printed((io) => runReset(config, { job: 'counting', loseResults: true, json: true }, io));
    expect((await values(config, 'windows')).every((value) => value === null)).toBe(true);
  });

  it('refuses while a consumer runs on the data folder', async () => {
    const config = await countedFolder();
    const io = collectingIo();
    const running = runConsumer(config, io);
    await io.whenLogged(/^consumer is ready/);
    await expect(
      runReset(config, { job: 'counting', loseResults: false, json: false }, collectingIo()),
    ).rejects.toMatchObject({
      code: 'DATA_FOLDER_IN_USE',
    });
    io.interrupt();
    expect(await running).toBe(0);
  });

  it('names the nearest job for an unknown name', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    await expect(
      runReset(config, { job: 'countin', loseResults: false, json: false }, collectingIo()),
    ).rejects.toMatchObject({
      code: 'USAGE',
      message: 'there is no job "countin"; did you mean counting?',
    });
  });
});
