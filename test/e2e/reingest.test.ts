import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/apps/compose';
import { openDataFolder } from '../../src/apps/data-folder';
import { runAudit } from '../../src/commands/audit';
import { runCat } from '../../src/commands/cat';
import { runReingest } from '../../src/commands/reingest';
import { decisions } from '../../src/decisions';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';
import { whileProducing } from '../support/while-producing';

const folders = tempFolders();

async function jsonLines(run: (io: ReturnType<typeof collectingIo>) => Promise<number>): Promise<unknown[]> {
  const io = collectingIo();
  expect(await run(io)).toBe(0);
  const lines = io.printed().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as unknown);
}

const SOURCE = 'telltale-logs/logs/web-1/app.log';

describe('telltale reingest', () => {
  it.each([
    ['marks lines that were read before', 'mark', { again: '1' }],
    ['counts them again', 'count', {}],
  ] as const)('starts a new generation of a source, and %s', async (_, how, headers) => {
    const config = configWith(`dataDir=${folders.make()}`);
    const { bucket } = config.objectStore;
    const path = writeLog(folders.make(), 'app.log', `${logbackLines(3).join('\n')}\n`);
    await whileProducing(config, async () => {
      const { store, announced } = await openStore(config, openDataFolder(config.dataDir), collectingIo());
      await store.putFile(bucket, 'logs/web-1/app.log', path);
      await announced();
    });
    const printed = collectingIo();
    await whileProducing(config, async () => {
      const options = { source: 'logs/web-1/app.log', count: how === 'count', json: true };
      expect(await runReingest(config, options, printed)).toBe(0);
    });

    expect(JSON.parse(printed.printed())).toEqual({ type: 'reingest', source: SOURCE, reingest: how });
    const lines = await jsonLines((io) =>
      runCat(config, { topic: 'logs', partition: null, from: 0, follow: false, json: true }, io),
    );
    const markers = (lines as { headers: Record<string, string> }[]).map(({ headers: { at, again } }) => ({
      generation: at?.split(':')[0],
      ...(again === undefined ? {} : { again }),
    }));
    expect(markers).toEqual([
      ...Array.from({ length: 3 }, () => ({ generation: '0' })),
      ...Array.from({ length: 3 }, () => ({ generation: '1', ...headers })),
    ]);
    expect(await jsonLines((io) => runAudit(config, { sources: [], json: true }, io))).toMatchObject([
      { source: SOURCE, generation: 1, possibleGap: 0, proof: 'content' },
    ]);
  });

  it('refuses an unknown source, and one whose object was deleted', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    const data = openDataFolder(config.dataDir);
    const reingest = (source: string): Promise<number> =>
      runReingest(config, { source, count: false, json: false }, collectingIo());
    await whileProducing(config, async () => {
      const { store, announced } = await openStore(config, data, collectingIo());
      const path = writeLog(folders.make(), 'app.log', `${logbackLines(3).join('\n')}\n`);
      await store.putFile(config.objectStore.bucket, 'logs/web-1/app.log', path);
      await announced();
    });
    await whileProducing(config, async () => {
      for (const source of ['logs/web-1/ap.log', 'logs/*/app.log']) {
        await expect(reingest(source)).rejects.toMatchObject({
          exitCode: 1,
          message: `there is no source "telltale-logs/${source}"; did you mean "${SOURCE}"?`,
        });
      }
      expect(await reingest('logs/web-1/app.log')).toBe(0);
      rmSync(join(data.store, 'objects', SOURCE));
      await expect(reingest('logs/web-1/app.log')).rejects.toMatchObject({
        exitCode: 1,
        message: expect.stringContaining(`object of the source "${SOURCE}" was deleted`) as string,
      });
    });
  });

  it('says how to start a producer when none runs', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    await expect(
      runReingest(config, { source: SOURCE, count: false, json: false }, collectingIo()),
    ).rejects.toMatchObject({
      code: 'NO_PRODUCER',
      exitCode: 1,
      message: expect.stringContaining('telltale producer') as string,
    });
  });

  it('fails for a source that the producer does not read', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    const producer = collectingIo();
    const refuse = async (): Promise<void> => {
      for (const source of ['s3://other-bucket/logs/web-1/app.log', 'elsewhere/app.log']) {
        await expect(runReingest(config, { source, count: false, json: false }, collectingIo())).rejects.toMatchObject({
          code: 'COMMAND_REFUSED',
        });
      }
    };
    await whileProducing(config, refuse, producer);
    const refused = producer.logged.filter(({ message }) => message === decisions.signalRefused.event);
    expect(refused.map(({ fields }) => fields)).toEqual([
      { reason: 'other-bucket', source: 'other-bucket/logs/web-1/app.log' },
      { reason: 'excluded', source: 'telltale-logs/elsewhere/app.log' },
    ]);
  });
});
