import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyProgram, finished, start, type Finished } from '../program-copy';
import type { Fault } from './kinds';

/** A call that the program makes at a place of its code. */
export interface Site {
  /** As preload.cjs names it: `src/a.js:10:5 < src/b.js:3:1 open`. */
  readonly id: string;
  /** In the sources, the innermost first: `src/a.ts:8`. */
  readonly places: readonly string[];
  readonly call: string;
  /** How often it was made. */
  readonly count: number;
  /** How often SQLite made each system call on each of its files there. */
  readonly native: Readonly<Record<string, number>>;
}

/** The fault of one call of a site. */
export interface Injected {
  readonly site: string;
  /** 1 for the first call. */
  readonly nth: number;
  readonly fault: Fault;
}

export interface Run extends Finished {
  readonly sites: readonly Site[];
  /** The failed call, and the path that it was about; null when no call failed. */
  readonly fired: { readonly path: string | null } | null;
  /** Places that opened a file which was still open at the end. */
  readonly leaks: readonly string[];
  /** True when the program had to be killed. */
  readonly wasStuck: boolean;
}

/** A program that runs under a fault. */
export interface Running {
  readonly out: () => string;
  /** Aborted when the program has ended. */
  readonly ended: AbortSignal;
  readonly stop: () => void;
}

/** Longer than any run: a program without progress is stuck. */
const STUCK_MS = 60_000;

/** Copies of the command line program that meet faults. */
export class FaultyPrograms {
  private readonly folder = mkdtempSync(join(tmpdir(), 'telltale-faults-'));
  private readonly copy = copyProgram();
  private readonly shim = this.buildShim();
  private readonly maps = new Map<string, SourceMap>();
  private runs = 0;

  /** True when faults inside SQLite are possible: it needs Linux and a C compiler. */
  get hasShim(): boolean {
    return this.shim !== null;
  }

  remove(): void {
    for (const folder of [this.folder, this.copy]) rmSync(folder, { recursive: true, force: true });
  }

  /**
   * Runs `telltale ARGS` to its end.
   * @param drive uses a program that runs until it is stopped, and stops it
   */
  async run(
    args: readonly string[],
    injected: Injected | null,
    drive: (program: Running) => Promise<void> = () => Promise.resolve(),
  ): Promise<Run> {
    this.runs += 1;
    const report = join(this.folder, `report-${this.runs}.json`);
    const control = join(this.folder, `control-${this.runs}`);
    writeFileSync(control, Buffer.alloc(4096));
    const fault = injected === null ? null : { ...injected.fault, site: injected.site, nth: injected.nth };
    const hasShim = this.shim !== null;
    const plan = { root: `${join(this.copy, 'dist')}/`, report, control: hasShim ? control : null, fault };
    const child = start(this.copy, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        NODE_OPTIONS: `--require ${join(__dirname, 'preload.cjs')}`,
        TELLTALE_TEST_FAULT: JSON.stringify(plan),
        ...(hasShim ? { LD_PRELOAD: this.shim, TELLTALE_TEST_FAULT_CONTROL: control } : {}),
      },
    });
    let out = '';
    child.stdout?.on('data', (bytes: Buffer) => (out += bytes.toString()));
    let wasStuck = false;
    const timer = setTimeout(() => {
      wasStuck = true;
      child.kill('SIGKILL');
    }, STUCK_MS);
    const ended = new AbortController();
    const running = { out: () => out, ended: ended.signal, stop: () => void child.kill('SIGTERM') };
    const [end] = await Promise.all([finished(child).finally(() => ended.abort()), drive(running)]);
    clearTimeout(timer);
    const { sites, fired, leaks } = readReport(report);
    return {
      ...end,
      wasStuck,
      fired,
      leaks: leaks.map((id) => this.placesOf(id).join(' < ')),
      sites: sites.map(([id, seen]) => this.siteOf(id, seen)),
    };
  }

  private siteOf(id: string, { count, native }: Seen): Site {
    const at = id.lastIndexOf(' ');
    const places = this.placesOf(id.slice(0, at));
    return { id, places, call: id.slice(at + 1), count, native };
  }

  private placesOf(id: string): string[] {
    return id.split(' < ').map((place) => this.inSources(place));
  }

  private inSources(place: string): string {
    const [file = '', line, column] = place.split(':');
    const map = this.maps.get(file) ?? this.readMap(file);
    this.maps.set(file, map);
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    const original = 'originalLine' in entry ? entry.originalLine + 1 : 0;
    return `${file.replace(/js$/, 'ts')}:${original}`;
  }

  private readMap(file: string): SourceMap {
    const text = readFileSync(join(this.copy, 'dist', `${file}.map`), 'utf8');
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  }

  private buildShim(): string | null {
    const shim = join(this.folder, 'native-shim.so');
    try {
      const options = ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
      const source = join(__dirname, 'native-shim.c');
      execFileSync('cc', [...options, '-o', shim, source, '-ldl'], { stdio: 'pipe' });
      return shim;
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (isMissing || process.platform !== 'linux') return null;
      throw error;
    }
  }
}

interface Seen {
  readonly count: number;
  readonly native: Readonly<Record<string, number>>;
}

function readReport(path: string): {
  readonly sites: readonly [string, Seen][];
  readonly fired: Run['fired'];
  readonly leaks: readonly string[];
} {
  if (!existsSync(path)) return { sites: [], fired: null, leaks: [] };
  return JSON.parse(readFileSync(path, 'utf8')) as ReturnType<typeof readReport>;
}
