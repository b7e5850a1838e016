import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { openStore } from '../../src/apps/compose';
import { runConsumer } from '../../src/apps/consumer';
import { openDataFolder } from '../../src/apps/data-folder';
import { runProducer } from '../../src/apps/producer';
import { runAudit } from '../../src/commands/audit';
import { runCat } from '../../src/commands/cat';
import type { Io } from '../../src/io';
import { collectingIo, configWith } from '../support/in-process';
import { stamp, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();
const config = configWith(`dataDir=${folders.make()}`);
const data = openDataFolder(config.dataDir);
const KEY = 'logs/web-1/app.log';

/** Runs a program until its work is done. */
async function whileRunning(
  run: (io: Io) => Promise<number>,
  until: (io: ReturnType<typeof collectingIo>) => Promise<void>,
): Promise<void> {
  const io = collectingIo();
  const ended = run(io);
  try {
    await until(io);
  } finally {
    io.interrupt();
  }
  expect(await ended).toBe(0);
}

/** Uploads a log file to a bucket without versions; a producer reads it. */
async function ingest(...lines: string[]): Promise<void> {
  const path = writeLog(folders.make(), 'app.log', lines.map((line) => `${line}\n`).join(''));
  await whileRunning(
    (io) => runProducer(config, io),
    async (io) => {
      await io.whenLogged(/^producer is ready/);
      const { store, announced } = await openStore(config, data, collectingIo());
      await store.putFile(config.objectStore.bucket, KEY, path);
      await announced();
    },
  );
}

async function printedBy(run: (io: Io) => Promise<number>): Promise<string> {
  const io = collectingIo();
  expect(await run(io)).toBe(0);
  return io.printed();
}

it('reports a log file replaced between two checks in its first line, the mail and the audit', async () => {
  await ingest(`${stamp(0)}.000 [main] INFO  app.Main - started`);
  const error = (second: number): string => `${stamp(second)}.000 [main] ERROR app.Main - lost ${second}`;
  await ingest(error(61), error(62), error(63));

  const cat = { topic: 'logs', partition: null, from: 0, follow: false, json: false };
  const lines = (await printedBy((io) => runCat(config, cat, io))).split('\n').slice(0, -1);
  expect(lines.map((line) => line.includes(' gap=possible '))).toEqual([false, true, false, false]);

  await whileRunning(
    (io) => runConsumer(config, io),
    (io) => io.whenLogged(/^delivered/),
  );
  const [mail = '', ...others] = readdirSync(data.mail);
  expect(others).toEqual([]);
  const { text = '', html = '' } = await PostalMime.parse(readFileSync(join(data.mail, mail)));
  const note =
    'Lines may be missing: a log file was replaced, perhaps before its last lines were read. Run telltale audit to see which.';
  for (const part of [text, html]) expect(part.replace(/\s+/g, ' ')).toContain(note);

  expect(await printedBy((io) => runAudit(config, { sources: [], json: false }, io))).toContain(
    `"telltale-logs/${KEY}"  content may have been lost between two reads, 1 time`,
  );
});
