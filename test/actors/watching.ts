import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, openSync, utimesSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lookAtPaths } from '../../src/adapters/embedded/watched-files';
import { WatchStore } from '../../src/adapters/embedded/watch-store';
import { readLines } from '../support/topics';
import { checkpointsOf } from './observing';
import { BUCKET, info, openPlace, type Running } from './producing';

/** Log files on a machine, and the system that watches them, as `telltale watch` does, with a clock that only `pass` moves on. */
export interface Machine {
  readonly logs: string;
  /** The path of a file below the folder of logs. */
  readonly at: (name: string) => string;
  /** Appends lines to a file. */
  readonly write: (name: string, ...texts: string[]) => void;
  /** A service that keeps its file open, under any name. */
  readonly service: (name: string) => { readonly write: (...texts: string[]) => void; readonly end: () => void };
  /** Waits until everything that is there is read; new files that wait for an old one are not. */
  readonly look: () => Promise<void>;
  /** The same, after all waiting times. */
  readonly lookLater: () => Promise<void>;
  /** Ends the program as kill -9 does, and starts it again. */
  readonly restart: () => Promise<void>;
  /** The lines that count, in order, by key below the folder of logs. */
  readonly read: () => Promise<Record<string, string[]>>;
  /** Possible gaps that were noted. */
  readonly gaps: () => Promise<number>;
  /** `reason name` of the files that were left out or could not be read, in order. */
  readonly reported: string[];
  readonly close: () => Promise<void>;
}

const WAIT_MS = 5_000;
const MINUTE = 60_000;

export async function openMachine(folder: string, paths = ['*.log']): Promise<Machine> {
  const place = await openPlace(folder);
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  let passed = 0;
  let second = 0;
  const reported: string[] = [];
  const line = (text: string): string => `${info((second += 1), text)}\n`;
  const at = (name: string): string => join(logs, name);
  const open = async (): Promise<{ store: WatchStore; running: Running }> => {
    const store = new WatchStore({
      look: () => lookAtPaths(paths.map(at)),
      memory: join(folder, 'watch.json'),
      prefix: '',
      host: 'h',
      maxRatio: 250,
      trace: (_, { reason, path }) => void reported.push(`${reason} ${String(path).replace(`${logs}/`, '')}`),
      now: () => Date.now() + passed,
      onChange: ({ key }) => running.signal(key),
    });
    await store.open();
    const running = place.start({ store });
    await running.reconcile();
    return { store, running };
  };
  let program: Awaited<ReturnType<typeof open>> | null = null;
  const started = async (): Promise<NonNullable<typeof program>> => (program ??= await open());
  const look = async (): Promise<void> => {
    const { store, running } = await started();
    await store.scan();
    await running.reconcile();
  };
  const all = async (): Promise<[string, string[]][]> => {
    const lines = Object.entries(await readLines(place.log));
    return lines.map(([source, named]) => [source.replace(`${BUCKET}/h${logs}/`, ''), named]);
  };
  return {
    logs,
    at,
    reported,
    write: (name, ...texts) => {
      mkdirSync(dirname(at(name)), { recursive: true });
      appendFileSync(at(name), texts.map(line).join(''));
    },
    service: (name) => {
      const file = openSync(at(name), 'a');
      return { write: (...texts) => void writeSync(file, texts.map(line).join('')), end: () => closeSync(file) };
    },
    look,
    lookLater: async () => {
      await look();
      passed += WAIT_MS;
      await look();
      passed += MINUTE;
      await look();
    },
    restart: async () => {
      await (await started()).running.kill();
      program = await open();
    },
    read: async () =>
      Object.fromEntries(
        (await all()).map(([name, lines]) => [
          name,
          lines
            .filter((each) => !each.endsWith('{AGAIN}'))
            .map((each) => each.replace(/^.* - /, '').replaceAll('\0', '')),
        ]),
      ),
    gaps: async () => {
      const names = (await all()).map(([name]) => name);
      const last = await Promise.all(names.map((name) => checkpointsOf(place.log, `h${logs}/${name}`)));
      return last.reduce((sum, checkpoints) => sum + (checkpoints.at(-1)?.position.possibleGap ?? 0), 0);
    },
    close: () => place.close(),
  };
}

/** Steps of a test: bash runs scripts in the folder of logs. */
export type Do = (machine: Machine, run: (script: string) => void) => Promise<void> | void;

export interface Case {
  /** Before the file changes: by default, line `a` of `app.log` is read. */
  readonly first?: Do;
  readonly then: Do;
  /** The lines that count, by name of the log. */
  readonly lines: Record<string, string[]>;
  readonly gaps?: number;
  readonly reported?: string[];
  readonly paths?: string[];
}

const readA: Do = async ({ write, look }) => {
  write('app.log', 'a');
  await look();
};

/** Lines in the order of writing, where the first was read before. */
export const ABC = { 'app.log': ['a', 'b', 'c'] };
export const AC = { 'app.log': ['a', 'c'] };
/** Seconds. */
export const DAY = 86_400;
export const ROTATE = 'mv app.log app.log.1';
export const nothing: Do = () => undefined;

/** The service writes a line that was not read, the file is rotated, and the service writes to the new file. */
export function rotated(script: string): Do {
  return ({ write }, run) => {
    write('app.log', 'b');
    run(script);
    write('app.log', 'c');
  };
}

/** The steps run one after the other, and each is seen. */
export function each(...steps: Do[]): Do {
  return async (machine, run) => {
    for (const step of steps) {
      await step(machine, run);
      await machine.lookLater();
    }
  };
}

/** Sets the time of the last write. */
export function setTime(path: string, secondsAhead: number): void {
  const time = Date.now() / 1000 + secondsAhead;
  utimesSync(path, time, time);
}

/** Runs a case in an empty folder. */
export async function resultOf(
  folder: string,
  { first = readA, then, lines, gaps = 0, reported = [], paths = ['*.log'] }: Case,
): Promise<{ readonly is: Partial<Case>; readonly expected: Partial<Case> }> {
  const machine = await openMachine(folder, paths);
  const run = (script: string): void => {
    const { status, stderr } = spawnSync('bash', ['-c', script], { cwd: machine.logs, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${script}: ${stderr}`);
  };
  try {
    await first(machine, run);
    await then(machine, run);
    await machine.lookLater();
    const is = { lines: await machine.read(), gaps: await machine.gaps(), reported: machine.reported };
    return { is, expected: { lines, gaps, reported } };
  } finally {
    await machine.close();
  }
}
