import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { crc32c } from '../../src/adapters/native/checksums';
import { runLocal } from '../../src/apps/local';
import { openStore } from '../../src/apps/compose';
import { openDataFolder } from '../../src/apps/data-folder';
import { runAudit } from '../../src/commands/audit';
import { collectingIo, configWith } from '../support/in-process';
import { writeLog, writeUglyLogs } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';
import { whileProducing } from '../support/while-producing';

const folders = tempFolders();

/** A data folder with files read to their end. */
async function dataOf(paths: readonly string[], ...set: string[]): Promise<string> {
  const data = folders.make();
  const config = configWith(`dataDir=${data}`, ...set);
  expect(await runLocal(config, { once: paths, keepData: true, json: true }, collectingIo())).toBe(0);
  return data;
}

interface Line {
  readonly source: string;
  readonly ok: boolean;
  readonly proof: string;
  readonly dropped: number;
  readonly problem?: string;
}

async function audited(
  data: string,
  sources: readonly string[] = [],
  ...set: string[]
): Promise<{ exitCode: number; lines: Line[] }> {
  const io = collectingIo();
  const exitCode = await runAudit(configWith(`dataDir=${data}`, ...set), { sources, json: true }, io);
  const lines = io.printed().split('\n').slice(0, -1);
  return { exitCode, lines: lines.map((line) => JSON.parse(line) as Line) };
}

async function text(data: string): Promise<string> {
  const io = collectingIo();
  await runAudit(configWith(`dataDir=${data}`), { sources: [], json: false }, io);
  return io.printed();
}

/** Changes the event log unnoticed by the programs. */
function tamper(
  data: string,
  topic: string,
  change: (database: Database.Database, id: number, bytes: Buffer) => void,
): void {
  const database = new Database(join(data, 'events.db'));
  try {
    const row: unknown = database
      .prepare(
        `SELECT batch.id, batch.bytes FROM batch JOIN partition ON partition.id = batch.partition
         WHERE partition.topic = ? AND instr(batch.bytes, CAST('web-2/app.log' AS BLOB)) > 0 LIMIT 1`,
      )
      .get(topic);
    const { id, bytes } = row as { id: number; bytes: Buffer };
    change(database, id, Buffer.from(bytes));
  } finally {
    database.close();
  }
}

const CHECK = 'not understood: "telltale check FILE" shows the forms found, and proposes a format for ingest.sources';

/** The checksum fits: another program wrote it so. */
function put(database: Database.Database, id: number, bytes: Buffer): void {
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  database.prepare('UPDATE batch SET bytes = ? WHERE id = ?').run(bytes, id);
}

const WEB_2 = 'telltale-logs/web-2/app.log';

describe('telltale audit', () => {
  let data: string;
  beforeEach(async () => {
    data = await dataOf(writeUglyLogs(folders.make()));
  });

  it('proves every source of a drained run by its content', async () => {
    const { exitCode, lines } = await audited(data);
    expect(lines.filter(({ ok, proof }) => !ok || proof !== 'content')).toEqual([]);
    expect(lines.length).toBeGreaterThan(10);
    expect(exitCode).toBe(0);
    expect((await text(data)).split('\n')).toEqual([
      '"telltale-logs/web-4/app.2026-11-20.log"  NOT UNDERSTOOD: 1 of 4 lines (25 %). The first, line 1: Starting …',
      '"telltale-logs/web-9/nothing-known.log"  NOT UNDERSTOOD: 2 of 2 lines (100 %). The first, line 1: hello',
      CHECK,
      expect.stringMatching(/^\d+ sources, \d+ bytes: (\d+) ok \(\1 proven by content\), 0 failed$/),
      '',
    ]);
  });

  it('proves sources with cut lines', async () => {
    const cut = await dataOf(writeUglyLogs(folders.make()), 'ingest.maxLineBytes=1KiB', 'ingest.batchBytes=2KiB');
    const long = await dataOf(
      [writeLog(folders.make(), 'web-1/long.log', `${'x'.repeat(5000)}\nshort\n${'y'.repeat(3000)}`)],
      'ingest.maxLineBytes=1KiB',
    );
    for (const folder of [cut, long]) {
      const { exitCode, lines } = await audited(folder);
      expect(lines.filter(({ ok, proof }) => !ok || proof !== 'content')).toEqual([]);
      expect(exitCode).toBe(0);
    }
  });

  it('proves sources with holes longer than a line may be', async () => {
    const line = '2026-11-29 10:00:00.000 [m] ERROR a - failed';
    const hole = '\0'.repeat(2_000);
    const first = await dataOf(
      [
        writeLog(folders.make(), 'web-1/hole.log', `${line}\n${hole}${line}\r\n\0\0${line}\n${hole}`),
        writeLog(folders.make(), 'web-2/hole.log', `${hole}${line}\n`),
      ],
      'ingest.maxLineBytes=1KiB',
    );
    const { exitCode, lines } = await audited(first);
    expect(lines.map(({ ok, proof, dropped }) => ({ ok, proof, dropped }))).toEqual([
      { ok: true, proof: 'content', dropped: 4_000 },
      { ok: true, proof: 'content', dropped: 2_000 },
    ]);
    expect(exitCode).toBe(0);
  });

  it('reports proven, quarantined and dropped bytes separately', async () => {
    const folder = folders.make();
    const mixed = await dataOf(
      [writeLog(folder, 'web-1/long.log', `2026-11-29 10:00:00 INFO ${'x'.repeat(4975)}\n`)],
      'ingest.maxLineBytes=1KiB',
    );
    const quarantined = runLocal(
      configWith(`dataDir=${mixed}`),
      { once: [writeLog(folder, 'web-2/utf16.log', Buffer.from('\uFEFFa', 'utf16le'))], keepData: true, json: true },
      collectingIo(),
    );
    await expect(quarantined).rejects.toMatchObject({ exitCode: 1 });
    expect((await text(mixed)).split('\n')).toEqual([
      '"telltale-logs/web-1/long.log"  3977 bytes dropped: NULs before a line, or beyond ingest.maxLineBytes',
      '"telltale-logs/web-2/utf16.log"  4 bytes in quarantine: utf-16',
      '2 sources, 5005 bytes: 1 ok (1 proven by content), 1 in quarantine, 0 failed',
      '',
    ]);
  });

  it('uses the singular for one source', async () => {
    const one = await dataOf([writeLog(folders.make(), 'web-1/a.log', 'INFO: a\n')]);
    expect(await text(one)).toBe('1 source, 8 bytes: 1 ok (1 proven by content), 0 failed\n');
  });

  it('says how many bytes are held, and why', async () => {
    const config = configWith(`dataDir=${folders.make()}`);
    await whileProducing(config, async () => {
      const { store, announced } = await openStore(config, openDataFolder(config.dataDir), collectingIo());
      const path = writeLog(folders.make(), 'app.log', 'INFO: whole\nno end');
      await store.putFile(config.objectStore.bucket, 'logs/web-1/app.log', path);
      await announced();
    });
    expect((await text(config.dataDir)).split('\n')).toEqual([
      '"telltale-logs/logs/web-1/app.log"  6 bytes held: the last line has no line end',
      '1 source, 18 bytes: 1 ok (1 proven by content), 0 failed',
      '',
    ]);
  });

  it('advises once when lines are missing', async () => {
    removeLines(data);
    const lines = (await text(data)).split('\n').filter((line) => line.includes('telltale reingest'));
    expect(lines).toEqual([expect.stringMatching(/^failed: "telltale reingest SOURCE" reads the object again/)]);
  });

  it('advises once when there are possible gaps', async () => {
    const rewritten = await dataOf([writeLog(folders.make(), 'web-1/a.log', 'INFO: first\n')]);
    const again = [writeLog(folders.make(), 'web-1/a.log', 'INFO: second\n')];
    await runLocal(configWith(`dataDir=${rewritten}`), { once: again, keepData: true, json: true }, collectingIo());
    expect((await text(rewritten)).split('\n')).toEqual([
      '"telltale-logs/web-1/a.log"  content may have been lost between two reads, 1 time',
      expect.stringMatching(/^lost between two reads: let the bucket keep versions/),
      expect.stringMatching(/^1 source, 13 bytes: 1 ok/),
      '',
    ]);
  });

  it.each<[string, string, (database: Database.Database, id: number, bytes: Buffer) => void]>([
    ['lines are missing', 'logs', (database, id) => database.prepare('DELETE FROM batch WHERE id = ?').run(id)],
    [
      'a byte of a line differs',
      'logs',
      (database, id, bytes) => {
        bytes[bytes.indexOf('done')] = 'D'.charCodeAt(0);
        put(database, id, bytes);
      },
    ],
    [
      'the checkpoint differs',
      'checkpoints',
      (database, id, bytes) => {
        // Its checksum.
        const at = bytes.indexOf('"c":"') + '"c":"'.length;
        bytes[at] = bytes[at] === 0x31 ? 0x32 : 0x31;
        put(database, id, bytes);
      },
    ],
    [
      'the checkpoint cannot be read',
      'checkpoints',
      (database, id, bytes) => {
        bytes[bytes.indexOf('"v":2') + 4] = '9'.charCodeAt(0);
        put(database, id, bytes);
      },
    ],
    [
      'the checkpoint is missing',
      'checkpoints',
      (database, id) => database.prepare('DELETE FROM batch WHERE id = ?').run(id),
    ],
  ])('names the one source for which %s', async (_, topic, change) => {
    tamper(data, topic, change);
    const { exitCode, lines } = await audited(data);
    expect(exitCode).toBe(1);
    expect(lines.filter(({ ok }) => !ok)).toMatchObject([{ source: WEB_2 }]);
    expect(await text(data)).toMatch(/^"telltale-logs\/web-2\/app\.log" {2}FAILED: .*\n(.*\n)*.* 1 failed.*\n$/m);
  });

  it('shows control characters of lines that were not understood as text, and counts the lines in JSON', async () => {
    const hostile = await dataOf([writeLog(folders.make(), 'web-1/a.log', '\u001b[2J\r\u202e<b>\nINFO: a\n')]);
    expect((await text(hostile)).split('\n').slice(0, 2)).toEqual([
      '"telltale-logs/web-1/a.log"  NOT UNDERSTOOD: 1 of 2 lines (50 %). The first, line 1: \\u001b[2J\\u000d\\u202e<b>',
      CHECK,
    ]);
    const { lines } = await audited(hostile);
    expect(lines).toMatchObject([{ ok: true, notUnderstood: { lines: 2, unparsed: 1, first: { line: 1 } } }]);
  });

  it('reports unread bytes of changed and new objects, and deleted objects', async () => {
    const objects = join(data, 'store', 'objects', 'telltale-logs');
    appendFileSync(join(objects, 'web-2', 'app.log'), 'one more\n');
    rmSync(join(objects, 'web-6', 'apache.log'));
    writeLog(objects, 'logs/web-1/new.log', 'never read\n');
    const { exitCode, lines } = await audited(data);
    expect(exitCode).toBe(0);
    expect(lines).toContainEqual(expect.objectContaining({ source: WEB_2, behind: 9, ok: true, proof: 'content' }));
    expect(lines).toContainEqual(
      expect.objectContaining({ source: 'telltale-logs/web-6/apache.log', deleted: true, ok: true }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ source: 'telltale-logs/logs/web-1/new.log', behind: 11, ok: true }),
    );
  });

  it('audits the named sources, in any spelling of their names', async () => {
    for (const name of ['web-2/app.log', WEB_2, `s3://${WEB_2}`]) {
      expect(await audited(data, [name])).toMatchObject({ exitCode: 0, lines: [{ source: WEB_2 }] });
    }
    await expect(audited(data, ['web-2/ap.log'])).rejects.toMatchObject({
      exitCode: 1,
      message: `there is no source "telltale-logs/web-2/ap.log"; did you mean "${WEB_2}"?`,
    });
  });

  it.each(['ingest.exclude=**/*.tmp', 'ingest.since=2999-01-01'])(
    'fails for a named source that is not read because of %s, and leaves it out when no source is named',
    async (setting) => {
      writeLog(join(data, 'store', 'objects', 'telltale-logs'), 'logs/web-1/scratch.tmp', 'never read\n');
      expect(await audited(data, ['logs/web-1/scratch.tmp'], setting)).toMatchObject({
        exitCode: 1,
        lines: [
          {
            source: 'telltale-logs/logs/web-1/scratch.tmp',
            ok: false,
            problem: 'not read: excluded by ingest.include, exclude or since',
          },
        ],
      });
      const { exitCode, lines } = await audited(data, [], setting);
      expect(exitCode).toBe(0);
      expect(lines.filter(({ source }) => source.endsWith('.tmp'))).toEqual([]);
    },
  );

  it('escapes control characters in names', async () => {
    const hostile = await dataOf([writeLog(folders.make(), 'web-1/\u001b[31mred\u202e.log', 'a\n')]);
    removeLines(hostile);
    expect(await text(hostile)).toContain('"telltale-logs/web-1/\\u001b[31mred\\u202e.log"  FAILED');
  });

  it('refuses a folder without data', async () => {
    await expect(audited(folders.make())).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });
});

/** Removes all lines. */
function removeLines(data: string): void {
  const database = new Database(join(data, 'events.db'));
  database.prepare(`DELETE FROM batch WHERE partition IN (SELECT id FROM partition WHERE topic = 'logs')`).run();
  database.close();
}
