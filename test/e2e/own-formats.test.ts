import { runReplay } from '../../src/commands/replay';
import { collectingIo, configWith } from '../support/in-process';
import { writeLog } from '../support/log-files';
import { parseResults } from '../support/results';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

describe('telltale replay with custom formats and zones', () => {
  const sources = [
    {
      keys: '**/db-*/*',
      zone: 'Europe/Berlin',
      pattern: '^(?<level>[A-Z])\\|(?<day>\\d+)~(?<month>\\d+)~(?<year>\\d+)\\|(?<hour>\\d+)h(?<minute>\\d+)\\|',
      levels: { F: 'error', W: 'warn' },
    },
    { keys: 'ny/**', zone: 'America/New_York' },
    // The first match applies.
    { keys: '**', zone: 'Asia/Kolkata' },
  ];

  async function windowsOf(...set: string[]): Promise<string[]> {
    const folder = folders.make();
    const paths = [
      writeLog(folder, 'db-1/app.log', 'F|20~11~2026|11h00|broken\n\tat x\nW|20~11~2026|11h00|slow\nok|11h00\n'),
      writeLog(folder, 'ny/app.log', '2026-11-20 05:00:00 ERROR F|20~11~2026|11h00|x\n'),
      writeLog(folder, 'web-1/app.log', '2026-11-20 10:00:00 WARN x\n'),
    ];
    const io = collectingIo();
    expect(await runReplay(configWith(...set), { paths, json: true, terminatedOnly: false }, io)).toBe(0);
    const { windows } = parseResults(io.printed());
    return windows.map(({ origin, windowStart, counts, continuation, unparsed }) =>
      [origin, windowStart, JSON.stringify(counts), continuation, unparsed].join(' '),
    );
  }

  it('reads each key as configured for it', async () => {
    expect(await windowsOf(`ingest.sources=${JSON.stringify(sources)}`)).toEqual([
      'db-1 2026-11-20T10:00:00.000Z {"error":1,"warn":1,"info":0,"debug":0,"none":0} 2 0',
      'ny 2026-11-20T10:00:00.000Z {"error":1,"warn":0,"info":0,"debug":0,"none":0} 0 0',
      'web-1 2026-11-20T04:30:00.000Z {"error":0,"warn":1,"info":0,"debug":0,"none":0} 0 0',
    ]);
  });

  it('reads all keys alike without them', async () => {
    expect(await windowsOf()).toEqual([
      'db-1 2026-11-20T18:00:00.000Z {"error":0,"warn":0,"info":0,"debug":0,"none":0} 0 4',
      'ny 2026-11-20T05:00:00.000Z {"error":1,"warn":0,"info":0,"debug":0,"none":0} 0 0',
      'web-1 2026-11-20T10:00:00.000Z {"error":0,"warn":1,"info":0,"debug":0,"none":0} 0 0',
    ]);
  });
});
