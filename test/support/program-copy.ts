import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { transformSync, type Options } from '@swc/core';

const root = resolve(__dirname, '../..');

const likeTheBuild: Options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
  sourceMaps: true,
};

/**
 * Compiles the command line program into a separate folder, without the slow type check.
 * @returns the folder; the caller removes it
 */
export function copyProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), 'telltale-cli-'));
  for (const name of ['node_modules', 'conf', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  for (const part of ['actors', 'lambda', 'src']) {
    for (const name of readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const target = join(folder, 'dist', part, name.replace(/ts$/, 'js'));
      mkdirSync(dirname(target), { recursive: true });
      const { code, map } = transformSync(readFileSync(join(root, part, name), 'utf8'), likeTheBuild);
      writeFileSync(target, code);
      if (map !== undefined) writeFileSync(`${target}.map`, map);
    }
  }
  return folder;
}

/** Output and exit code of a finished program. */
export interface Finished {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `telltale ARGS` in a working folder without data. */
export function start(folder: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const env = { PATH: process.env['PATH'], ...options.env };
  return spawn(process.execPath, [join(folder, 'dist/src/cli.js'), ...args], { cwd: folder, ...options, env });
}

export async function finished(child: ChildProcess): Promise<Finished> {
  const exit = new Promise<number | null>((resolveExit) => child.on('close', resolveExit));
  const read = (stream: Readable | null): Promise<string> =>
    stream === null || stream.destroyed ? Promise.resolve('') : text(stream);
  const [out, err] = await Promise.all([read(child.stdout), read(child.stderr)]);
  return { exitCode: await exit, out, err };
}
