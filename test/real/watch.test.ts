import { appendFileSync, copyFileSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startProgram, type Program } from '../support/local-process';
import { tempFolders } from '../support/temp-folder';

/** Each reading of the topic starts a process. */
jest.setTimeout(300_000);

const folders = tempFolders();
let folder: string;
let logs: string;
let log: string;
let program: Program | null;

beforeEach(() => {
  folder = folders.make();
  [logs, program] = [join(folder, 'logs'), null];
  log = join(logs, 'app.log');
  mkdirSync(logs);
});
afterEach(() => program?.end('SIGKILL'));

let written = 0;
const line = (): string => `${new Date().toISOString()} INFO line ${(written += 1)}\n`;

function watch(...paths: string[]): Program {
  const options = ['--data', join(folder, 'data'), '--port', '0', '--host', 'web-1'];
  const settings = ['ingest.reconcile=*/5 * * * * *', 'upload.schedule=* * * * * *'].flatMap((set) => ['--set', set]);
  program = startProgram(['watch', ...options, ...settings, ...paths]);
  return program;
}

async function run(...args: string[]): Promise<string> {
  const command = startProgram(['--data', join(folder, 'data'), ...args]);
  await command.exited;
  return command.out();
}

/** The numbers of the lines in the topic, in order. */
async function read(): Promise<number[]> {
  return Array.from((await run('cat', 'logs')).matchAll(/ INFO line (\d+)/g), ([, number]) => Number(number)).sort(
    (a, b) => a - b,
  );
}

async function untilRead(count: number): Promise<number[]> {
  for (;;) {
    const numbers = await read();
    if (numbers.length >= count) return numbers;
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

beforeEach(() => (written = 0));

it.each<[string, (n: number) => void]>([
  [
    'numbers',
    (n) => {
      for (let i = n; i > 0; i--) renameSync(i === 1 ? log : `${log}.${i - 1}`, `${log}.${i}`);
    },
  ],
  ['dates that match the glob', (n) => renameSync(log, join(logs, `app.2026-11-${10 + n}.log`))],
  [
    'copytruncate',
    (n) => {
      copyFileSync(log, `${log}.${n}`);
      truncateSync(log);
    },
  ],
])('reads each line once through rotation with %s, kill -9, and a rotation while it was down', async (_, rotate) => {
  writeFileSync(log, line());
  watch(join(logs, '*.log'));
  await untilRead(1);
  appendFileSync(log, line());
  rotate(1);
  appendFileSync(log, line());
  expect(await untilRead(3)).toEqual(upTo(3));
  await program?.end('SIGKILL');
  appendFileSync(log, line());
  rotate(2);
  appendFileSync(log, line());
  watch(join(logs, '*.log'));
  expect(await untilRead(5)).toEqual(upTo(5));
  appendFileSync(log, line());
  await untilRead(6);
  await expect(program?.end('SIGTERM')).resolves.toBe(0);
  expect(await read()).toEqual(upTo(6));
  const audited = await run('audit');
  expect(audited).toMatch(/1 source, .* 1 ok .* 0 failed/);
  expect(audited).not.toMatch(/lost/);
});

it('reports a possible gap when a file is truncated without a copy, and audit names it', async () => {
  writeFileSync(log, line() + line());
  const watching = watch(log);
  await untilRead(2);
  truncateSync(log);
  await watching.logged(/content may be missing/);
  appendFileSync(log, line());
  expect(await untilRead(3)).toEqual(upTo(3));
  await watching.end('SIGTERM');
  expect(await run('audit')).toMatch(/app\.log" {2}content may have been lost between two reads/);
});

it('follows 200 files, new ones, and a link that a path names', async () => {
  for (let i = 0; i < 200; i++) writeFileSync(join(logs, `${i}.log`), line());
  symlinkSync('/etc/hostname', join(logs, 'named.link'));
  const watching = watch(join(logs, '*.log'), join(logs, 'named.link'));
  await untilRead(200);
  for (let i = 0; i < 200; i++) appendFileSync(join(logs, `${i}.log`), line());
  writeFileSync(join(logs, 'new.log'), line());
  expect(await untilRead(401)).toEqual(upTo(401));
  await watching.end('SIGTERM');
  expect(await run('cat', 'logs')).toMatch(/logs\/web-1\/etc\/hostname/);
});

it('reads the present lines with --once, and continues at the next call', async () => {
  writeFileSync(log, line());
  await expect(watch('--once', log).exited).resolves.toBe(0);
  appendFileSync(log, line());
  await expect(watch('--once', log).exited).resolves.toBe(0);
  expect(await read()).toEqual(upTo(2));
});
