import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runConsumer } from '../../src/apps/consumer';
import { runLocal } from '../../src/apps/local';
import { runProducer } from '../../src/apps/producer';
import { explainError } from '../../src/cli/explain-error';
import { runReplay } from '../../src/commands/replay';
import type { Config } from '../../src/config';
import type { Io } from '../../src/io';
import { collectingIo, configWith } from '../support/in-process';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

type Run = (config: Config, io: Io) => Promise<number>;

const local = (config: Config, io: Io): Promise<number> =>
  runLocal(config, { once: null, keepData: true, json: false }, io);

/** The result of a refused program, for its user: exit code and lines. */
async function refused(run: Promise<number>): Promise<{ exitCode: number; lines: readonly string[] }> {
  const error = await run.then(
    (exitCode) => new Error(`it ended with ${exitCode}`),
    (reason: unknown) => reason,
  );
  return explainError(error, false);
}

describe('a second program on a data folder', () => {
  it.each<[name: string, next: string, first: Run, second: Run]>([
    ['local', 'local', local, local],
    ['local', 'producer', local, runProducer],
    ['local', 'consumer', local, runConsumer],
    ['producer', 'producer', runProducer, runProducer],
    ['consumer', 'consumer', runConsumer, runConsumer],
    ['consumer', 'local', runConsumer, local],
  ])('(%s, then %s) is refused in one sentence, and does not disturb the first', async (name, _, first, second) => {
    const config = configWith(`dataDir=${folders.make()}`, 'generator.maxCount=1');
    const io = collectingIo();
    const running = first(config, io);
    await (name === 'local' ? io.whenPrinted(/Ctrl-C stops/) : io.whenLogged(/ is ready$/));
    try {
      const { exitCode, lines } = await refused(second(config, collectingIo()));
      expect(exitCode).toBe(1);
      expect(lines).toEqual([
        expect.stringMatching(/^telltale: a (producer|consumer) already uses .*: stop it, or name another/),
      ]);
    } finally {
      io.interrupt();
    }
    expect(await running).toBe(0);
    // The lock is free again.
    const again = collectingIo();
    again.interrupt();
    expect(await second(config, again)).toBe(0);
  });
});

describe('a port in use', () => {
  let server: Server;
  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(() => new Promise((closed) => server.close(closed)));

  it.each([
    ['local', local],
    ['consumer', runConsumer],
  ])('is reported in one sentence by %s, which releases the data folder', async (_, run) => {
    const folder = folders.make();
    const { port } = server.address() as AddressInfo;
    const { exitCode, lines } = await refused(run(configWith(`dataDir=${folder}`, `web.port=${port}`), collectingIo()));
    expect(exitCode).toBe(1);
    expect(lines).toEqual([expect.stringContaining(String(port))]);
    const io = collectingIo();
    io.interrupt();
    expect(await run(configWith(`dataDir=${folder}`, 'generator.maxCount=1'), io)).toBe(0);
  });
});

describe('unreadable files', () => {
  const commands: [string, (paths: string[]) => Promise<number>][] = [
    ['replay', (paths) => runReplay(configWith(), { paths, json: true, terminatedOnly: false }, collectingIo())],
    ['local --once', (paths) => runLocal(configWith(), { once: paths, keepData: false, json: true }, collectingIo())],
  ];

  it.each(commands)('are named by %s in one sentence', async (_, run) => {
    const good = writeLog(folders.make(), 'web-1/app.log', 'hello\n');
    const missing = `${good}.missing`;
    const below = join(good, 'below-a-file.log');
    expect(await refused(run([good, missing]))).toEqual({
      exitCode: 1,
      lines: [`telltale: there is no file or folder ${missing}`],
    });
    expect(await refused(run([good, below]))).toEqual({
      exitCode: 1,
      lines: [expect.stringMatching(/^telltale: .*below-a-file\.log/)],
    });
  });
});

describe('an unusable data folder', () => {
  it.each([
    ['local', local],
    ['producer', runProducer],
    ['consumer', runConsumer],
  ])('is reported in one sentence by %s', async (_, run) => {
    const file = join(folders.make(), 'a-file');
    writeFileSync(file, '');
    const { exitCode, lines } = await refused(run(configWith(`dataDir=${join(file, 'data')}`), collectingIo()));
    expect(exitCode).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^telltale: cannot use .*a-file\/data as data folder/)]);
  });

  it.each([
    ['local', local],
    ['producer', runProducer],
    ['consumer', runConsumer],
  ])('is reported in one sentence by %s when its event log is invalid', async (_, run) => {
    const folder = folders.make();
    writeFileSync(
      join(folder, 'events.db'),
      'this is not a database, but a text long enough to look like one'.repeat(50),
    );
    const { exitCode, lines } = await refused(run(configWith(`dataDir=${folder}`), collectingIo()));
    expect(exitCode).toBe(1);
    expect(lines).toEqual([expect.stringContaining('events.db')]);
  });

  it('is reported when its number of partitions differs', async () => {
    const folder = folders.make();
    const io = collectingIo();
    io.interrupt();
    expect(await runProducer(configWith(`dataDir=${folder}`), io)).toBe(0);
    const other = configWith(`dataDir=${folder}`, 'eventLog.partitions=3');
    const { exitCode, lines } = await refused(runProducer(other, collectingIo()));
    expect(exitCode).toBe(2);
    expect(lines).toEqual([expect.stringContaining('partitions')]);
  });
});

describe('an interrupted local --once', () => {
  it('ends with one sentence, and prints nothing', async () => {
    const lines = logbackLines(2000).map((line) => `${line}\n`);
    const path = writeLog(folders.make(), 'web-1/app.log', lines.join(''));
    const io = collectingIo();
    const running = runLocal(configWith(), { once: [path], keepData: false, json: true }, io);
    io.interrupt();
    expect(await refused(running)).toEqual({ exitCode: 1, lines: ['telltale: stopped before all was read'] });
    expect(io.printed()).toBe('');
  });
});
