import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { finished, type Finished } from '../../support/program-copy';

const script = resolve(__dirname, '../../../scripts/run.mjs');

/** A small checkout: fake compiler, npm and jest record their calls and write the expected files. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telltale-run-'));
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(script, join(folder, 'scripts/run.mjs'));
  write('package.json', '{"type":"commonjs"}');
  write('package-lock.json', lock('1.0.0'));
  write('tsconfig.json', '{}');
  write('tsconfig.build.json', '{}');
  write('src/cli.ts', 'source');
  write('modules.mjs', installer);
  write('bin/npm', `#!/bin/sh\nexec '${process.execPath}' modules.mjs "$@"\n`);
  chmodSync(join(folder, 'bin/npm'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

const program = `exports.main = async (args) => {
  const signalled = new Promise((resolve) => process.on('SIGTERM', resolve));
  console.log(JSON.stringify(args));
  if (args[0] === 'fail') process.exit(7);
  if (args[0] !== 'wait') return;
  const busy = setInterval(() => undefined, 1000);
  await signalled;
  clearInterval(busy);
};`;

const compiler = `
  const fs = require('node:fs');
  fs.appendFileSync('calls', 'tsc\\n');
  if (fs.readFileSync('src/cli.ts', 'utf8').includes('wrong')) { console.log('src/cli.ts(1,1): wrong'); process.exit(2); }
  fs.mkdirSync('dist/src', { recursive: true });
  fs.writeFileSync('dist/src/cli.js', ${JSON.stringify(program)});
`;

const installer = `
  import fs from 'node:fs';
  fs.appendFileSync('calls', 'npm ' + process.argv[2] + '\\n');
  if (fs.existsSync('refuse-' + process.argv[2])) { console.error('refused'); process.exit(1); }
  for (const [file, text] of ${JSON.stringify([
    ['node_modules/typescript/bin/tsc', compiler],
    ['node_modules/jest/bin/jest.js', 'console.log("jest", process.argv.slice(2).join());'],
  ])}) {
    fs.mkdirSync(file.replace(/[^/]+$/, ''), { recursive: true });
    fs.writeFileSync(file, text);
  }
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
`;

function lock(version: string): string {
  const packages = {
    '': { name: 'x' },
    'node_modules/a': { version },
    'node_modules/b': { version: '2', optional: true },
  };
  return JSON.stringify({ packages });
}

function write(name: string, content: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

function start(...args: readonly string[]): ReturnType<typeof spawn> {
  const PATH = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
  return spawn(process.execPath, [join(folder, 'scripts/run.mjs'), ...args], { cwd: folder, env: { PATH } });
}

const run = (...args: readonly string[]): Promise<Finished> => finished(start(...args));

/** The calls since the last check. */
function calls(): string[] {
  try {
    const names = readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');
    rmSync(join(folder, 'calls'));
    return names;
  } catch {
    return [];
  }
}

describe('scripts/run.mjs', () => {
  it('installs and builds a fresh clone, says so on standard error, and runs the program with its arguments', async () => {
    const { exitCode, out, err } = await run('telltale', 'config', '--json');
    expect([exitCode, out]).toEqual([0, '["config","--json"]\n']);
    expect(err).toBe('telltale: installing dependencies, once (npm ci)\ntelltale: building\n');
    expect(calls()).toEqual(['npm ci', 'tsc']);
  });

  it('does neither when nothing changed', async () => {
    await run('build');
    calls();
    expect((await run('telltale', 'x')).err).toBe('');
    expect(calls()).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['changed', () => appendFileSync(join(folder, 'src/cli.ts'), 'more')],
    ['added', () => write('src/deep/new.ts', '')],
    ['replaced by an older one', () => utimesSync(join(folder, 'src/cli.ts'), 1, 1)],
  ])('builds again when a source was %s', async (_, change) => {
    await run('build');
    calls();
    change();
    await run('build');
    expect(calls()).toEqual(['tsc']);
  });

  it('builds again when the built program is gone', async () => {
    await run('build');
    calls();
    rmSync(join(folder, 'dist/src'), { recursive: true });
    expect((await run('telltale')).out).toBe('[]\n');
    expect(calls()).toEqual(['tsc']);
  });

  it('installs again when package-lock.json names other versions, but not when only its time is newer', async () => {
    await run('build');
    calls();
    const later = Date.now() / 1000 + 60;
    utimesSync(join(folder, 'package-lock.json'), later, later);
    await run('build');
    expect(calls()).toEqual([]);
    write('package-lock.json', lock('1.0.1'));
    utimesSync(join(folder, 'package-lock.json'), later, later);
    await run('build');
    expect(calls()[0]).toBe('npm ci');
  });

  it('installs the same versions without npm ci when npm ci refuses the lock file', async () => {
    write('refuse-ci', '');
    const { exitCode, err } = await run('build');
    expect([exitCode, err]).toEqual([0, 'telltale: installing dependencies, once (npm ci)\ntelltale: building\n']);
    expect(calls()).toEqual(['npm ci', 'npm install', 'tsc']);
  });

  it("shows npm's output when nothing can be installed", async () => {
    write('refuse-ci', '');
    write('refuse-install', '');
    const { exitCode, err } = await run('build');
    expect(exitCode).toBe(1);
    expect(err).toMatch(/\nrefused\nrefused\ntelltale: could not install the dependencies: see above/);
  });

  it('runs the tests without a build', async () => {
    const { exitCode, out } = await run('jest', 'test/unit');
    expect([exitCode, out]).toEqual([0, 'jest test/unit\n']);
    expect(calls()).toEqual(['npm ci']);
  });

  it('shows the errors of a build on standard error, and tries again next time', async () => {
    write('src/cli.ts', 'wrong');
    const { exitCode, out, err } = await run('telltale');
    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toMatch(/\nsrc\/cli\.ts\(1,1\): wrong\ntelltale: could not build: see above\n$/);
    write('src/cli.ts', 'right');
    expect((await run('telltale')).exitCode).toBe(0);
  });

  it('installs and builds once when two runs start together', async () => {
    const both = await Promise.all([run('telltale', 'a'), run('telltale', 'b')]);
    expect(both.map(({ exitCode, out }) => `${exitCode} ${out}`)).toEqual(['0 ["a"]\n', '0 ["b"]\n']);
    expect(calls()).toEqual(['npm ci', 'tsc']);
  });

  it('completes the work of a run that was killed', async () => {
    await run('build');
    rmSync(join(folder, 'dist/.build-stamp'));
    write('dist/.run-lock', '99999999');
    expect((await run('telltale')).exitCode).toBe(0);
  });

  it('keeps the exit code of the program', async () => {
    expect((await run('telltale', 'fail')).exitCode).toBe(7);
  });

  it('passes signals to the program', async () => {
    const child = start('telltale', 'wait');
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    expect((await finished(child)).exitCode).toBe(0);
  });
});
