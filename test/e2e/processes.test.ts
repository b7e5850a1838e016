import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logbackLines, writeLog } from '../support/log-files';
import { comparable, parseResults } from '../support/results';
import { tempFolders } from '../support/temp-folder';
import { copyProgram, finished, start, type Finished } from '../support/program-copy';

/** Tests that need a separate process: standard input, signals, limits of the machine. */

const folders = tempFolders();
let program: string;
beforeAll(() => {
  program = copyProgram();
});
afterAll(() => rmSync(program, { recursive: true }));

const run = (...args: string[]): Promise<Finished> => finished(start(program, args));
const text = (count: number): string =>
  logbackLines(count)
    .map((line) => `${line}\n`)
    .join('');

describe('telltale', () => {
  it('replays standard input as origin stdin', async () => {
    const path = writeLog(folders.make(), 'web-1/app.log', text(100));
    const piped = start(program, ['replay', '--json', '-']);
    piped.stdin?.end(readFileSync(path));
    const { exitCode, out, err } = await finished(piped);
    expect([exitCode, err]).toEqual([0, '']);
    const { windows, summary } = parseResults(out);
    const fromFile = parseResults((await run('replay', '--json', path)).out);
    const plain = (window: (typeof windows)[number]): object => ({ ...comparable(window), origin: null });
    expect(windows.map(({ origin }) => origin)).toEqual(windows.map(() => 'stdin'));
    expect(windows.map(plain)).toEqual(fromFile.windows.map(plain));
    expect(summary).toEqual(fromFile.summary);
  });

  it.each<[string[], number, RegExp]>([
    [['replay', 'no-such-file.log'], 1, /^telltale: there is no file or folder no-such-file\.log\n$/],
    [['local', '--once', 'no-such-file.log'], 1, /^telltale: there is no file or folder no-such-file\.log\n$/],
    [['local', '--set', 'window=0s', '--once', 'x'], 2, /^telltale: --set window: .*\n$/],
    [['local', '--once', '--data', 'd'], 2, /^telltale: local --once needs files: .*--data DIR.* FILE…\n$/],
    [['local', 'x.log'], 2, /^telltale: local accepts files only with --once, found x\.log\n$/],
    [['local', '--onse', 'x'], 2, /^telltale: unknown option '--onse'; did you mean --once\?\n$/],
  ])('refuses %j in one line', async (args, code, sentence) => {
    const { exitCode, out, err } = await run(...args);
    expect([exitCode, out]).toEqual([code, '']);
    expect(err).toMatch(sentence);
  });

  it.each([{}, { AWS_REGION: '' }])('says at the start that S3 needs a region: %j', async (region) => {
    const env = { ...region, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    for (const command of ['producer', 'local']) {
      const args = [command, '--set', 'objectStore.kind=s3', '--set', `dataDir=${folders.make()}`];
      const { exitCode, out, err } = await finished(start(program, args, { env, timeout: 20_000 }));
      expect([exitCode, out]).toEqual([2, '']);
      expect(err).toMatch(/^telltale: cannot use S3: Region .*; set AWS_REGION to the region of the bucket.*\n$/);
    }
  });

  it('accepts the files of `local --once` at any position', async () => {
    const [one, two] = [1, 2].map((i) => writeLog(folders.make(), `web-${i}/app.log`, text(i))) as [string, string];
    for (const args of [
      ['--once', '--data', folders.make(), one, two],
      ['--data', folders.make(), '--once', one, two],
      ['--once', one, '--data', folders.make(), two],
    ]) {
      const { exitCode, out, err } = await run('local', ...args, '--json');
      expect([exitCode, err]).toEqual([0, '']);
      expect(parseResults(out).summary).toMatchObject({ lines: 3 });
    }
  });

  it('stops a long `local --once` at Ctrl-C within seconds, in one sentence', async () => {
    const path = writeLog(folders.make(), 'web-1/app.log', text(400_000));
    const before = onceFolders();
    const child = start(program, ['local', '--once', path, '--set', 'log.level=error']);
    await untilOutput(child, () => onceFolders().length > before.length);
    child.kill('SIGINT');
    const { exitCode, out, err } = await finished(child);
    expect([exitCode, out, err]).toEqual([1, '', 'telltale: stopped before all was read\n']);
    expect(onceFolders()).toEqual(before);
  });
});

const onceFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('telltale-once-'));

async function untilOutput(child: ChildProcess, isTrue: () => boolean): Promise<void> {
  while (!isTrue() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a full disk', () => {
  it('is reported in one sentence; the data folder stays usable, and the next run continues', async () => {
    const folder = folders.make();
    const logs = folders.make();
    const paths = Array.from({ length: 5 }, (_, i) => writeLog(logs, `web-${i}/app.log`, text(3_000)));
    // No file may exceed this many KiB: first the event log cannot be created, then it fills up during work.
    const limited = (kib: number): Promise<Finished> =>
      finished(
        spawn(
          'bash',
          ['-c', `ulimit -f ${kib}; exec "$@"`, '-', process.execPath, join(program, 'dist/src/cli.js')].concat([
            'local',
            '--json',
            '--data',
            folder,
            '--once',
            ...paths,
          ]),
          { cwd: program, env: { PATH: process.env['PATH'] } },
        ),
      );
    for (const kib of [64, 700]) {
      const { exitCode, out, err } = await limited(kib);
      expect([exitCode, out]).toEqual([1, '']);
      expect(err).not.toMatch(/^\s+at /m);
      expect(err.split('\n').filter((line) => line.startsWith('telltale: '))).toHaveLength(1);
    }
    const unlimited = await run('local', '--json', '--data', folder, '--once', ...paths);
    expect(unlimited.exitCode).toBe(0);
    const replay = parseResults((await run('replay', '--json', ...paths)).out);
    const results = parseResults(unlimited.out);
    expect(results.windows.map(comparable)).toEqual(replay.windows.map(comparable));
    expect(results.summary).toEqual(replay.summary);
  });
});
