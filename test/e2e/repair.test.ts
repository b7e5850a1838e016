import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { openMailbox } from '../../src/adapters/embedded/mailbox';
import { runLocal } from '../../src/apps/local';
import { runAudit } from '../../src/commands/audit';
import { runCat } from '../../src/commands/cat';
import { runRepair } from '../../src/commands/repair';
import type { Config } from '../../src/config';
import { flipByte, inDatabase, storedBatches } from '../support/damage';
import { collectingIo, configWith, type CollectingIo } from '../support/in-process';
import { tempFolders } from '../support/temp-folder';
import { until } from '../support/until';
import { untilWindows, withEventLog } from '../support/topics';

const folders = tempFolders();
const ERRORS = 5;

function errors(minutesAgo: number): string {
  const time = new Date(Date.now() - minutesAgo * 60_000).toISOString();
  return Array.from({ length: ERRORS }, (_, i) => `${time} ERROR disk ${i} is full\n`).join('');
}

function configOf(data: string): Config {
  return configWith(`dataDir=${data}`, 'generator.hosts=0', 'upload.schedule=* * * * * *');
}

function append(data: string, host: string, text: string): void {
  mkdirSync(join(data, 'hosts', host), { recursive: true });
  appendFileSync(join(data, 'hosts', host, 'app.log'), text);
}

/** The subjects of the mails that report new incidents. That one is resolved may be mailed, too. */
async function alerts(data: string): Promise<string[]> {
  const mails = await (await openMailbox(join(data, 'mail'))).list();
  return mails.map(({ subject }) => subject).filter((subject) => !/resolved/i.test(subject));
}

/** Runs everything until these numbers of lines are counted and of incidents mailed, and stops it. */
async function runUntil(data: string, lines: number, alerted: number): Promise<CollectingIo> {
  const io = collectingIo();
  const ended = runLocal(configOf(data), { once: null, keepData: true, json: false }, io);
  await Promise.race([
    ended.then(() => {
      throw new Error('it ended early');
    }),
    (async () => {
      await io.whenPrinted(/Ctrl-C stops/);
      const counted = (windows: readonly { lines: number }[]): boolean =>
        windows.reduce((sum, window) => sum + window.lines, 0) >= lines;
      await withEventLog(data, (log) => untilWindows(log, counted));
      await until(`${alerted} alerts`, 10_000, async () => (await alerts(data)).length >= alerted);
    })(),
  ]);
  io.interrupt();
  expect(await ended).toBe(0);
  return io;
}

async function repaired(data: string): Promise<string> {
  const io = collectingIo();
  expect(await runRepair(configOf(data), { json: false }, io)).toBe(0);
  return io.printed();
}

function damagedFiles(data: string): string[] {
  return readdirSync(data).filter((name) => /^events\.db\.damaged-\d{8}T\d{9}Z$/.test(name));
}

describe('telltale repair', () => {
  let original: string;
  beforeAll(async () => {
    original = folders.make();
    append(original, 'web-1', errors(180));
    await runUntil(original, ERRORS, 1);
    expect(await alerts(original)).toHaveLength(1);
    // Damage is to the file itself, not to commits beside it.
    inDatabase(original, (database) => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  });

  function copied(): string {
    const data = folders.make();
    cpSync(original, data, { recursive: true });
    return data;
  }

  const changedFile = (change: (path: string, size: number) => void) => (data: string) => {
    const path = join(data, 'events.db');
    change(path, statSync(path).size);
  };
  const overwrite = (from: number, length: number) =>
    changedFile((path) => {
      const bytes = readFileSync(path);
      randomFillSync(bytes, from, Math.min(length, bytes.length - from));
      writeFileSync(path, bytes);
    });
  const flipIn = (topic: string) => (data: string) => {
    for (const batch of storedBatches(data).filter((each) => each.topic === topic)) flipByte(data, batch, 30);
  };

  it.each<[string, (data: string) => void, 'all' | 'some' | 'new']>([
    ['a byte of topic logs', flipIn('logs'), 'all'],
    ['a byte of each record of topic state', flipIn('state'), 'all'],
    ['a byte of each record of the outbox', flipIn('outbox'), 'some'],
    ['the index of batches', (data) => corruptTree(data, 'batch_by_offset'), 'some'],
    ['the table of batches', (data) => corruptTree(data, 'batch'), 'some'],
    ['the first page', overwrite(0, 100), 'some'],
    ['the tables', overwrite(100, 4000), 'some'],
    ['all of it', overwrite(0, Infinity), 'some'],
    ['half of it, which is cut off', changedFile((path, size) => truncateSync(path, size / 2)), 'some'],
    ['all but nothing', changedFile((path) => truncateSync(path, 0)), 'new'],
    ['a missing file', (data) => rmSync(join(data, 'events.db')), 'some'],
  ])('after damage to %s counts all lines again and sends no mail twice', async (_, damage, outbox) => {
    const data = copied();
    damage(data);
    const printed = await repaired(data);
    expect(printed).toContain(
      {
        all: 'which is all of it',
        some: 'Suppressed: incidents that ended before ',
        // An empty file is a new event log: the next start suppresses mails.
        new: 'is not damaged',
      }[outbox],
    );
    expect(await repaired(data)).toContain('is not damaged: nothing was changed.\n');

    append(data, 'web-1', errors(0));
    await runUntil(data, 2 * ERRORS, 2);
    expect(await alerts(data)).toHaveLength(2);
    expect(await runAudit(configOf(data), { sources: [], json: false }, collectingIo())).toBe(0);
  });

  it('keeps the damaged file, and names the records that it kept, and the next step', async () => {
    const data = copied();
    flipIn('logs')(data);
    const before = readFileSync(join(data, 'events.db'));
    const lines = (await repaired(data)).trimEnd().split('\n');
    expect(lines).toEqual([
      'The event log is damaged:',
      expect.stringMatching(/^ {2}topic "logs", partition \d, offsets \d+ to \d+: its checksum is wrong$/),
      expect.stringMatching(
        /^The old file is kept as events\.db\.damaged-\S+Z\. Delete it when you no longer want it\.$/,
      ),
      expect.stringMatching(
        /^Kept: \d+ records of topic outbox, which is all of it\. .* Incidents that ended before \S+Z, which it no longer shows, are not mailed\.$/,
      ),
      expect.stringMatching(/^Start the programs: they read the objects in the store again/),
    ]);
    const [aside = ''] = damagedFiles(data);
    expect(readFileSync(join(data, aside)).length).toBe(before.length);
  });

  it('is the advice of the message about the damage', async () => {
    const data = copied();
    flipIn('logs')(data);
    const cat = runCat(
      configOf(data),
      { topic: 'logs', partition: null, from: 0, follow: false, json: false },
      collectingIo(),
    );
    await expect(cat).rejects.toMatchObject({ message: expect.stringContaining('"telltale repair"') as string });
  });

  it.each<[string, (data: string) => void]>([
    ['lines', flipIn('logs')],
    ['the index of batches', (data) => corruptTree(data, 'batch_by_offset')],
  ])('delivers a mail that was decided and not sent, after damage to %s', async (_, damage) => {
    const data = copied();
    inDatabase(data, (database) => {
      database.exec(`DELETE FROM batch WHERE CAST(key AS TEXT) LIKE '%/status'`);
    });
    rmSync(join(data, 'mail'), { recursive: true });
    damage(data);
    await repaired(data);
    await runUntil(data, ERRORS, 1);
    expect(await alerts(data)).toHaveLength(1);
  });

  it('is refused while a program runs, where there is nothing, and on Kafka', async () => {
    const io = collectingIo();
    const data = copied();
    const running = runLocal(configOf(data), { once: null, keepData: true, json: false }, io);
    await io.whenPrinted(/Ctrl-C stops/);
    const repair = (config: Config): Promise<number> => runRepair(config, { json: false }, collectingIo());
    await expect(repair(configOf(data))).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' });
    io.interrupt();
    await running;
    await expect(repair(configOf(join(data, 'none')))).rejects.toMatchObject({ code: 'DATA_FOLDER' });
    expect(existsSync(join(data, 'none'))).toBe(false);
    const kafka = configWith(`dataDir=${data}`, 'eventLog.kind=kafka', 'eventLog.kafka.brokers=localhost:1');
    await expect(repair(kafka)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

/** Overwrites the first page of a table or index. */
function corruptTree(data: string, name: string): void {
  const { page, size } = inDatabase(data, (database) => {
    const root = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name) as {
      rootpage: number;
    };
    const { page_size: bytes } = database.prepare('PRAGMA page_size').get() as { page_size: number };
    return { page: root.rootpage, size: bytes };
  });
  const path = join(data, 'events.db');
  const bytes = readFileSync(path);
  bytes.fill(0xa5, (page - 1) * size, page * size);
  writeFileSync(path, bytes);
}

describe('a new event log beside mails', () => {
  it('sends none of them again, and says so', async () => {
    const data = folders.make();
    append(data, 'web-1', errors(180));
    await runUntil(data, ERRORS, 1);
    rmSync(join(data, 'events.db'));
    append(data, 'web-1', errors(0));
    const io = await runUntil(data, 2 * ERRORS, 2);
    expect(await alerts(data)).toHaveLength(2);
    expect(io.logged.filter(({ level }) => level === 'warn').map(({ message }) => message)).toContainEqual(
      expect.stringContaining('incidents that ended before this start get no mail'),
    );
  });
});
