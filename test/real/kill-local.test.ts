import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../../src/generator/random';
import { runProgram, startProgram } from '../support/local-process';
import { comparable, parseResults } from '../support/results';
import { compareLogsWithFiles, readWindows, terminatedLines, withEventLog } from '../support/topics';
import { until } from '../support/until';

/** `kill -9` at any point neither loses nor repeats a committed record (`every-line-once`). */
const KILLS = Number(process.env['TELLTALE_KILLS'] ?? 10);
const SEED = Number(process.env['TELLTALE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const MINUTES = 60_000;

describe('telltale local, killed at random moments while generators write in burst mode', () => {
  const data = mkdtempSync(join(tmpdir(), 'telltale-kill-'));
  const hosts = join(data, 'hosts');
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  const local = (...args: string[]): ReturnType<typeof startProgram> =>
    startProgram(['local', '--data', data, '--port', '0', '--set', 'window=5s', '--set', 'rules.0.window=5s', ...args]);

  it(
    `has every terminated line once and in order, and the windows of a replay, after ${KILLS} kills (seed ${SEED})`,
    async () => {
      const random = createRandom(SEED, 1);
      for (let kill = 0; kill < KILLS; kill++) {
        const program = local('--set', 'generator.burst=true', '--set', 'upload.schedule=* * * * * *');
        await program.printed(/Ctrl-C stops/);
        await pause(200 + random.fraction() * 2_000);
        expect(await program.end('SIGKILL')).toBeNull();
      }

      const last = local('--set', 'generator.maxCount=1');
      await last.printed(/Ctrl-C stops/);
      await until('every line is counted', 10 * MINUTES, () =>
        withEventLog(data, async (log) => {
          const counted = [...(await readWindows(log)).values()].reduce((sum, { lines }) => sum + lines, 0);
          return counted >= terminatedLines(hosts).lines;
        }),
      );
      const stopping = Date.now();
      expect(await last.end('SIGINT')).toBe(0);
      expect(Date.now() - stopping).toBeLessThan(10_000);

      await withEventLog(data, async (log) => {
        expect(await compareLogsWithFiles(log, hosts)).toEqual([]);
        const replay = await runProgram([
          'replay',
          '--terminated-only',
          '--json',
          '--set',
          'window=5s',
          '--set',
          'rules.0.window=5s',
          hosts,
        ]);
        expect(replay.code).toBe(0);
        const expected = new Map(
          parseResults(replay.out).windows.map((window) => [
            `${window.origin} ${window.windowStart}`,
            comparable(window),
          ]),
        );
        const windows = new Map([...(await readWindows(log))].map(([name, window]) => [name, comparable(window)]));
        expect(windows).toEqual(expected);
      });
    },
    20 * MINUTES,
  );
});
