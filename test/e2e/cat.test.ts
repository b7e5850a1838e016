import { runLocal } from '../../src/apps/local';
import { runCat, type CatOptions } from '../../src/commands/cat';
import { collectingIo, configWith } from '../support/in-process';
import { stamp, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();
const data = folders.make();
const set = [`dataDir=${data}`];

const good = `${stamp(0)}.000 [main] ERROR app.Main - good \u001b[31mred \u202etxt.exe\u{e0041}`;
const bad = Buffer.concat([Buffer.from(`${stamp(1)}.000 [main] ERROR app.Main - `), Buffer.from([0xff, 0xfe, 0x41])]);

beforeAll(async () => {
  const path = writeLog(
    folders.make(),
    'web-1/app.log',
    Buffer.concat([Buffer.from(`${good}\n`), bad, Buffer.from('\n')]),
  );
  await runLocal(configWith(...set), { once: [path], keepData: true, json: true }, collectingIo());
});

const options = (change: Partial<CatOptions>): CatOptions => ({
  topic: 'logs',
  partition: null,
  from: 0,
  follow: false,
  json: true,
  ...change,
});

async function cat(change: Partial<CatOptions>): Promise<string[]> {
  const io = collectingIo();
  expect(await runCat(configWith(...set), options(change), io)).toBe(0);
  return io.printed().split('\n').slice(0, -1);
}

describe('telltale cat', () => {
  it('prints one object per record, with binary bytes as base64', async () => {
    const [first, second, ...rest] = (await cat({})).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      offset: 0,
      key: 'telltale-logs/web-1/app.log',
      headers: { level: 'ERROR', at: '0:0', time: String(Date.parse('2026-11-20T10:00:00Z')), origin: 'web-1' },
      value: good,
    });
    expect(second).toMatchObject({
      partition: first?.['partition'],
      offset: 1,
      headers: { at: `0:${Buffer.byteLength(good) + 1}` },
      value: { base64: bad.toString('base64') },
    });
  });

  it('escapes control characters in records for people', async () => {
    const lines = await cat({ json: false });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('good \\u001b[31mred');
    expect(lines.join('')).not.toContain('\u001b');
  });

  it('escapes characters that change the reading direction or are invisible, in JSON too', async () => {
    for (const json of [true, false]) {
      const [line = ''] = await cat({ json });
      expect(line).toContain('red \\u202etxt.exe\\udb40\\udc41');
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  it('starts at the given offset', async () => {
    const { partition } = JSON.parse((await cat({}))[0] ?? '') as { partition: number };
    expect(await cat({ partition, from: 1 })).toHaveLength(1);
    expect(await cat({ partition, from: 2 })).toEqual([]);
    expect(await cat({ partition: (partition + 1) % 10 })).toEqual([]);
  });

  it.each(['checkpoints', 'windows', 'outbox', 'state'])('prints the topic %s', async (topic) => {
    const records = (await cat({ topic })).map((line) => JSON.parse(line) as { value: string });
    expect(records.length).toBeGreaterThan(0);
    for (const { value } of records) expect(JSON.parse(value)).toBeInstanceOf(Object);
  });

  it('continues with new records until stopped', async () => {
    const io = collectingIo();
    const running = runCat(configWith(...set), options({ follow: true }), io);
    await io.whenPrinted(/"offset":1/);
    const path = writeLog(folders.make(), 'web-1/later.log', 'later\n');
    await runLocal(configWith(...set), { once: [path], keepData: true, json: true }, collectingIo());
    await io.whenPrinted(/"offset":2.*"value":"later"/);
    io.interrupt();
    expect(await running).toBe(0);
  });

  it('refuses an unknown topic or partition', async () => {
    const run = (change: Partial<CatOptions>): Promise<number> =>
      runCat(configWith(...set), options(change), collectingIo());
    await expect(run({ topic: 'log' })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'there is no topic "log"; did you mean logs?',
    });
    await expect(run({ partition: 10 })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
