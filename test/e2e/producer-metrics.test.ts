import { openStore } from '../../src/apps/compose';
import { openDataFolder } from '../../src/apps/data-folder';
import { runProducer } from '../../src/apps/producer';
import type { Config } from '../../src/config';
import { startWeb } from '../../src/web/server';
import { metricsAnswerTo } from '../../src/web/answers';
import { collectingIo, configWith, type CollectingIo } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

/** Runs a producer until `until` resolves, then stops it. */
async function whileRunning(config: Config, until: (io: CollectingIo) => Promise<void>): Promise<CollectingIo> {
  const io = collectingIo();
  const ended = runProducer(config, io);
  try {
    await io.whenLogged(/^producer is ready/);
    await until(io);
  } finally {
    io.interrupt();
  }
  expect(await ended).toBe(0);
  return io;
}

describe('producer metrics', () => {
  it('count an object that is quarantined when the producer runs by itself', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    const broken = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(60, 0xee)]);
    const path = writeLog(folders.make(), 'app.log', broken);
    await whileRunning(config, async (io) => {
      const { store, announced } = await openStore(config, openDataFolder(config.dataDir), collectingIo());
      await store.putFile(config.objectStore.bucket, 'logs/web-1/app.log', path);
      await announced();
      await io.whenLogged(/^object quarantined/);
      const url = String(io.logged.find(({ message }) => message === 'producer is ready')?.fields['metrics']);
      const text = await (await fetch(`${url}metrics`)).text();
      expect(text).toContain('\ntelltale_quarantined_total{job="producer",reason="gzip-corrupt"} 1\n');
    });
  });

  it('count lines that are perhaps not understood, and a warning names their source once', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    const lines = logbackLines(60).map((line) => `${line}\njob done\n`);
    const path = writeLog(folders.make(), 'app.log', lines.join(''));
    const io = await whileRunning(config, async (running) => {
      const { store, announced } = await openStore(config, openDataFolder(config.dataDir), collectingIo());
      await store.putFile(config.objectStore.bucket, 'logs/web-1/app.log', path);
      await announced();
      await running.whenLogged(/^source not understood/);
      const url = String(running.logged.find(({ message }) => message === 'producer is ready')?.fields['metrics']);
      const text = await (await fetch(`${url}metrics`)).text();
      // The last one may still be the beginning of a stack trace.
      expect(text).toContain('\ntelltale_doubtful_lines_total{job="producer",reason="no-indent"} 59\n');
    });
    const warnings = io.logged.filter(({ message }) => message.startsWith('source not understood'));
    expect(warnings.map(({ level, fields }) => [level, fields['reason'], fields['detail']])).toEqual([
      ['warn', 'no-indent', 'job done'],
    ]);
  });

  it('are not served when another program uses their port, and reading continues', async () => {
    const other = await startWeb({
      ...{ host: '127.0.0.1', port: 0, section: 'producer.web' },
      answer: (path) => metricsAnswerTo(path, [], { problems: () => [], deaths: () => [] }),
    });
    const config = configWith(`dataDir=${folders.make()}`, `producer.web.port=${new URL(other.url).port}`);
    const io = await whileRunning(config, () => Promise.resolve());
    await other.close();
    expect(io.logged).toContainEqual(expect.objectContaining({ level: 'warn', message: 'metrics are not served' }));
  });
});
