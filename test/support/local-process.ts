import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

const projectFolder = join(__dirname, '../..');

/** A real process of the command line program, started as by `npm run …`. */
export interface Program {
  readonly process: ChildProcess;
  /** Everything printed so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves as soon as standard output matches; rejects when the process ends before. */
  readonly printed: (pattern: RegExp) => Promise<void>;
  /** The same for standard error. */
  readonly logged: (pattern: RegExp) => Promise<void>;
  /** Sends a signal and resolves with the exit code, null when a signal ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
  readonly exited: Promise<number | null>;
}

/**
 * Starts `telltale <args>` from the build, and builds first when the build is missing.
 * @param environment added to that of this process
 */
export function startProgram(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'telltale', ...args], {
    cwd: projectFolder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const exited = once(child, 'close').then(() => child.exitCode);
  const written = async (stream: Readable, text: () => string, pattern: RegExp): Promise<void> => {
    const abort = new AbortController();
    const seen = (async () => {
      while (!pattern.test(text())) await once(stream, 'data', { signal: abort.signal });
      return true;
    })().catch(() => false);
    const found = await Promise.race([seen, exited.then(() => false)]);
    abort.abort();
    if (!found && !pattern.test(text())) throw new Error(`ended before ${String(pattern)} came:\n${out}\n${err}`);
  };
  return {
    process: child,
    out: () => out,
    err: () => err,
    exited,
    printed: (pattern) => written(child.stdout, () => out, pattern),
    logged: (pattern) => written(child.stderr, () => err, pattern),
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Runs `telltale <args>` until it ends. */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const program = startProgram(args, environment);
  const code = await program.exited;
  return { code, out: program.out(), err: program.err() };
}
