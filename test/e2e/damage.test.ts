import { runAudit } from '../../src/commands/audit';
import { runCat } from '../../src/commands/cat';
import { runLocal } from '../../src/apps/local';
import { collectingIo, configWith } from '../support/in-process';
import { flipByte, storedBatches } from '../support/damage';
import { writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();
const lines = (host: string): string =>
  Array.from({ length: 4 }, (_, i) => `2026-11-20 10:00:0${i}.000 [m] INFO a - ${host} ${i}\n`).join('');

describe('A damaged record batch', () => {
  let data: string;
  let config: ReturnType<typeof configWith>;
  beforeAll(async () => {
    data = folders.make();
    config = configWith(`dataDir=${data}`, 'eventLog.partitions=1');
    const files = ['web-1', 'web-2', 'web-3'].map((host) => writeLog(folders.make(), `${host}/app.log`, lines(host)));
    expect(await runLocal(config, { once: files, keepData: true, json: true }, collectingIo())).toBe(0);
    const damaged = storedBatches(data).find(({ bytes }) => bytes.includes('web-2 1'));
    if (damaged === undefined) throw new Error('there is no batch of web-2');
    flipByte(data, damaged, damaged.bytes.indexOf('web-2 1'));
    const window = storedBatches(data).find(({ topic }) => topic === 'windows');
    if (window === undefined) throw new Error('there is no window');
    flipByte(data, window, 8, 0x80);
  });

  it('is named by cat, after all others, with an exit code that is not 0', async () => {
    const io = collectingIo();
    const cat = runCat(config, { topic: 'logs', partition: null, from: 0, follow: false, json: false }, io);
    await expect(cat).rejects.toMatchObject({
      code: 'EVENT_LOG_DAMAGED',
      exitCode: 1,
      message: expect.stringMatching(
        /^cannot read topic "logs", partition 0, offsets \d+ to \d+: its checksum is wrong\nThe event log is damaged\. Stop the programs and run "telltale repair"/,
      ) as string,
    });
    expect(io.printed()).toContain('web-1 3');
    expect(io.printed()).toContain('web-3 3');
    expect(io.printed()).not.toContain('web-2 0');
  });

  it('fails the audit, which names it and the source whose lines it held', async () => {
    const io = collectingIo();
    expect(await runAudit(config, { sources: [], json: false }, io)).toBe(1);
    const printed = io.printed().split('\n');
    expect(printed).toContainEqual(
      expect.stringMatching(/^cannot read topic "logs", partition 0, offsets \d+ to \d+: its checksum is wrong$/),
    );
    expect(printed).toContainEqual(
      expect.stringMatching(
        /^cannot read topic "windows", partition 0, offset \d+: it says -\d+ bytes, but is \d+ long$/,
      ),
    );
    expect(printed.filter((line) => line.includes('FAILED'))).toEqual([
      expect.stringContaining('"telltale-logs/web-2/app.log"'),
    ]);
  });

  it('is an object of its own in the JSON of the audit', async () => {
    const io = collectingIo();
    expect(await runAudit(config, { sources: [], json: true }, io)).toBe(1);
    const objects = io
      .printed()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type?: string });
    expect(objects.filter(({ type }) => type === 'unreadable')).toEqual([
      expect.objectContaining({ topic: 'logs', partition: 0, problem: 'its checksum is wrong' }),
      expect.objectContaining({ topic: 'windows', partition: 0 }),
    ]);
  });
});
