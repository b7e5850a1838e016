import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/apps/compose';
import { runConsumer } from '../../src/apps/consumer';
import { openDataFolder } from '../../src/apps/data-folder';
import { runGenerator } from '../../src/apps/generator';
import { runLocal } from '../../src/apps/local';
import { runProducer } from '../../src/apps/producer';
import { runReplay } from '../../src/commands/replay';
import { runSignal } from '../../src/commands/signal';
import type { Config } from '../../src/config';
import { collectingIo, configWith, type CollectingIo } from '../support/in-process';
import { logbackLines } from '../support/log-files';
import { comparable, parseResults } from '../support/results';
import { tempFolders } from '../support/temp-folder';
import { compareLogsWithFiles, readWindows, terminatedLines, untilWindows, withEventLog } from '../support/topics';

const folders = tempFolders();

/** A program in this process that runs until interrupted. */
interface Program {
  readonly io: CollectingIo;
  /** Interrupts it; resolves with its exit code. */
  readonly stop: () => Promise<number>;
}

function start(run: (io: CollectingIo) => Promise<number>): Program {
  const io = collectingIo();
  const ended = run(io);
  return {
    io,
    stop: () => {
      io.interrupt();
      return ended;
    },
  };
}

const sites: Site[] = [];
afterEach(async () => {
  for (const site of sites.splice(0)) await site.stopAll();
});

/** Hosts' files, a data folder, and the upload between them. */
class Site {
  readonly data = folders.make();
  readonly hosts = join(this.data, 'hosts');
  readonly config: Config;
  private readonly programs: Program[] = [];

  constructor() {
    sites.push(this);
    this.config = configWith(`dataDir=${this.data}`, 'upload.schedule=0 0 1 1 *');
  }

  async producer(): Promise<Program> {
    return this.started(
      start((io) => runProducer(this.config, io)),
      /^producer is ready/,
    );
  }

  async consumer(): Promise<Program> {
    return this.started(
      start((io) => runConsumer(this.config, io)),
      /^consumer is ready/,
    );
  }

  append(host: string, text: string): void {
    mkdirSync(join(this.hosts, host), { recursive: true });
    appendFileSync(join(this.hosts, host, 'app.log'), text);
  }

  /** Uploads a host's file and signals a running producer. */
  async upload(host: string): Promise<void> {
    const { bucket, prefix } = this.config.objectStore;
    const { store, announced } = await openStore(this.config, openDataFolder(this.data), collectingIo());
    await store.putFile(bucket, `${prefix}/${host}/app.log`, join(this.hosts, host, 'app.log'));
    await announced();
  }

  /** Waits until this many lines are counted. */
  counted(lines: number): Promise<void> {
    return withEventLog(this.data, (log) =>
      untilWindows(log, (windows) => windows.reduce((sum, window) => sum + window.lines, 0) >= lines),
    );
  }

  /** Checks that the topic holds the files line by line, and that the windows equal a replay's. */
  async expectAllOnce(): Promise<void> {
    await withEventLog(this.data, async (log) => {
      expect(await compareLogsWithFiles(log, this.hosts)).toEqual([]);
      const io = collectingIo();
      await runReplay(this.config, { paths: [this.hosts], json: true, terminatedOnly: true }, io);
      const byName = (windows: object[]): string[] => windows.map((window) => JSON.stringify(window)).sort();
      expect(byName([...(await readWindows(log)).values()].map(comparable))).toEqual(
        byName(parseResults(io.printed()).windows.map(comparable)),
      );
    });
  }

  async stopAll(): Promise<void> {
    for (const program of this.programs.splice(0)) expect(await program.stop()).toBe(0);
  }

  private async started(program: Program, ready: RegExp): Promise<Program> {
    this.programs.push(program);
    await program.io.whenLogged(ready);
    return program;
  }
}

const text = (from: number, count: number): string =>
  logbackLines(count, { from })
    .map((line) => `${line}\n`)
    .join('');

describe('producer and consumer over one data folder', () => {
  it('continue after any order of starts and stops, without lost or repeated lines', async () => {
    const site = new Site();
    // Uploaded before any program runs.
    site.append('web-1', text(0, 50));
    await site.upload('web-1');
    const producer = await site.producer();
    const consumer = await site.consumer();
    await site.counted(50);

    // A signal to the running producer; half a line is held.
    site.append('web-2', `${text(20, 50)}2026-11-20 10:0`);
    await site.upload('web-2');
    await site.counted(100);
    expect(await producer.stop()).toBe(0);

    // No producer runs while this arrives.
    site.append('web-2', text(80, 30).slice('2026-11-20 10:0'.length));
    site.append('web-1', text(60, 30));
    await site.upload('web-1');
    await site.upload('web-2');
    expect(await consumer.stop()).toBe(0);
    await site.producer();
    await site.consumer();
    await site.counted(160);

    site.append('web-1', text(100, 5));
    await site.upload('web-1');
    await site.counted(165);
    await site.stopAll();
    await site.expectAllOnce();
  });

  it('accept a signal for a manual upload, and refuse another bucket', async () => {
    const site = new Site();
    await site.producer();
    await site.consumer();
    site.append('web-1', text(0, 10));
    // Uploaded before the socket is known to the store: an upload without an announcement.
    const { bucket, prefix } = site.config.objectStore;
    const quiet = await openStore(site.config, { ...openDataFolder(site.data), root: folders.make() }, collectingIo());
    await quiet.store.putFile(bucket, `${prefix}/web-1/app.log`, join(site.hosts, 'web-1/app.log'));
    const io = collectingIo();
    const arrival = { bucket, key: `${prefix}/web-1/app.log` };
    expect(await runSignal(site.config, { arrival, json: false }, io)).toBe(0);
    await site.counted(10);
    await expect(
      runSignal(site.config, { arrival: { ...arrival, bucket: 'elsewhere' }, json: false }, io),
    ).rejects.toMatchObject({ code: 'COMMAND_REFUSED', message: expect.stringContaining('elsewhere') as string });
    await site.stopAll();
    await site.expectAllOnce();
    await expect(runSignal(site.config, { arrival, json: false }, io)).rejects.toMatchObject({ code: 'NO_PRODUCER' });
  });
});

describe('telltale local', () => {
  it('counts generated lines, mails, drains on Ctrl-C, and continues at the next start', async () => {
    const data = folders.make();
    const set = [`dataDir=${data}`, 'generator.burst=true', 'generator.maxCount=2000', 'generator.hosts=2'];
    const hosts = join(data, 'hosts');
    for (const seed of [1, 2]) {
      const config = configWith(...set, `generator.seed=${seed}`, 'upload.schedule=* * * * * *');
      const program = start((io) => runLocal(config, { once: null, keepData: true, json: false }, io));
      await program.io.whenPrinted(/Ctrl-C stops/);
      expect(await program.stop()).toBe(0);
      expect(program.io.printed()).toMatch(/^status {3}http:\/\/127.0.0.1:\d+\/$/m);
    }
    const { lines } = terminatedLines(hosts);
    expect(lines).toBeGreaterThan(0);
    await withEventLog(data, async (log) => {
      expect(await compareLogsWithFiles(log, hosts)).toEqual([]);
      const windows = [...(await readWindows(log)).values()];
      expect(windows.reduce((sum, window) => sum + window.lines, 0)).toBe(lines);
    });
  });
});

describe('telltale generator', () => {
  it('writes and uploads the configured lines, and ends', async () => {
    const site = new Site();
    const io = collectingIo();
    const config = configWith(
      `dataDir=${site.data}`,
      'generator.burst=true',
      'generator.maxCount=100',
      'generator.hosts=2',
      'upload.schedule=0 0 1 1 *',
    );
    expect(await runGenerator(config, io)).toBe(0);
    expect(terminatedLines(site.hosts).lines).toBe(200);
    await site.producer();
    await site.consumer();
    await site.counted(200);
    await site.stopAll();
    await site.expectAllOnce();
  });
});
