import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { WindowRecord } from '../../src/pipelines/level-alerts/counting/window-record';
import { freePort, openKafka, runKafka, type RunningKafka } from './kafka';
import { readWithKcat } from './kcat';
import { runProgram, startProgram, type Program } from './local-process';
import { comparable, parseResults } from './results';
import { readWindows, terminatedLines } from './topics';
import { until } from './until';

const PARTITIONS = 10;
const MINUTE = 60_000;

/** How long opening and closing a site may take. */
export const SITE_MS = 3 * MINUTE;

/** The three programs over one data folder and one Kafka, as real processes. */
export class KafkaSite {
  private readonly started: Program[] = [];

  private constructor(
    readonly data: string,
    readonly broker: string,
    private kafka: RunningKafka,
    private readonly version: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  static async open(settings: Readonly<Record<string, string>> = {}, version = '3.9.1'): Promise<KafkaSite> {
    const data = mkdtempSync(join(tmpdir(), 'telltale-site-'));
    const port = await freePort();
    const kafka = await runKafka({ version, port, data: join(data, 'kafka') });
    return new KafkaSite(data, `127.0.0.1:${port}`, kafka, version, settings);
  }

  /** kill -9 of everything, and nothing is left behind. */
  async close(): Promise<void> {
    for (const program of this.started) await program.end('SIGKILL');
    await this.kafka.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** kill -9 of the broker, and a start over the same data after a while. */
  async crashBroker(awayMs = 0): Promise<void> {
    const data = join(this.data, 'kafka');
    // The Java process alone has the broker's properties, which lie in its folder, on its command line.
    spawnSync('pkill', ['-9', '-f', `kafka\\.Kafka ${data}`]);
    await this.kafka.stop();
    await pause(awayMs);
    this.kafka = await runKafka({ version: this.version, port: Number(this.broker.split(':')[1]), data });
  }

  /** Stops the broker's process as it is, or lets it continue: its connections stay open, and nothing answers. */
  signalBroker(signal: 'STOP' | 'CONT'): void {
    spawnSync('pkill', [`-${signal}`, '-f', `kafka\\.Kafka ${join(this.data, 'kafka')}`]);
  }

  get hosts(): string {
    return join(this.data, 'hosts');
  }

  /** @param dataDir another data folder than the site's own */
  start(name: 'producer' | 'consumer' | 'generator', dataDir = this.data): Program {
    const program = startProgram([name, ...this.arguments(), '--set', `dataDir=${dataDir}`]);
    this.started.push(program);
    return program;
  }

  /** Runs a command to its end. */
  run(command: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
    return runProgram([...command, ...this.arguments()]);
  }

  /** Waits until every line of the files is counted; returns the latest windows. */
  async countedWindows(): Promise<Map<string, WindowRecord>> {
    const log = await openKafka([this.broker]);
    try {
      const { lines } = terminatedLines(this.hosts);
      await until('every line is counted', 5 * MINUTE, async () => {
        const windows = await readWindows(log);
        return [...windows.values()].reduce((sum, window) => sum + window.lines, 0) >= lines;
      });
      return await readWindows(log);
    } finally {
      await log.close();
    }
  }

  /** The windows that a replay of the files finds. */
  async replayedWindows(): Promise<Map<string, WindowRecord>> {
    const replay = await runProgram(['replay', '--terminated-only', '--json', ...this.arguments(), this.hosts]);
    if (replay.code !== 0) throw new Error(replay.err);
    return new Map(
      parseResults(replay.out).windows.map((window) => [`${window.origin} ${window.windowStart}`, window]),
    );
  }

  /** Waits until the windows equal those of a replay of the files, for up to `limitMs`. */
  async untilReplayed(limitMs: number): Promise<void> {
    const replayed = [...allComparable(await this.replayedWindows())].sort();
    const log = await openKafka([this.broker]);
    try {
      await until('windows equal a replay', limitMs, async () => {
        const windows = [...allComparable(await readWindows(log))].sort();
        return JSON.stringify(windows) === JSON.stringify(replayed);
      });
    } finally {
      await log.close();
    }
  }

  /**
   * What differs between the files and topic `logs` as a reader that is not ours sees it: one sentence each.
   * @param exceptHost its files are left out
   */
  async compareWithKcat(exceptHost?: string): Promise<string[]> {
    const problems: string[] = [];
    const files = new Map(
      readdirSync(this.hosts)
        .filter((host) => host !== exceptHost)
        .flatMap((host) =>
          readdirSync(join(this.hosts, host)).map((file) => [
            `telltale-logs/logs/${host}/${file}`,
            { bytes: readFileSync(join(this.hosts, host, file)), next: 0 },
          ]),
        ),
    );
    for (let partition = 0; partition < PARTITIONS; partition++) {
      for await (const { key, headers, value } of readWithKcat(this.broker, 'logs', partition)) {
        if (key.split('/')[2] === exceptHost) continue;
        const file = files.get(key);
        const line = file?.bytes.toString('utf8', file.next, file.bytes.indexOf(10, file.next));
        if (file === undefined || headers.get('at') !== `0:${file.next}` || line !== value) {
          problems.push(`${key} ${headers.get('at') ?? '?'} where 0:${file?.next ?? 0} was expected`);
          if (problems.length >= 10) return problems;
        } else file.next += Buffer.byteLength(value) + 1;
      }
    }
    for (const [source, { bytes, next }] of files) {
      const end = bytes.lastIndexOf(10) + 1;
      if (next !== end) problems.push(`${source}: ${next} of ${end} bytes of terminated lines are in the topic`);
    }
    return problems;
  }

  private arguments(): string[] {
    const settings = {
      dataDir: this.data,
      'eventLog.kind': 'kafka',
      'eventLog.kafka.brokers': this.broker,
      window: '5s',
      'rules.0.window': '5s',
      'upload.schedule': '* * * * * *',
      'ingest.reconcile': '*/5 * * * * *',
      'web.port': '0',
      'producer.web.port': '0',
      'generator.pauseMin': '0ms',
      'generator.pauseMax': '2ms',
      ...this.settings,
    };
    return Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  }
}

/** Windows in the fields that do not depend on how they were counted. */
export function allComparable(windows: ReadonlyMap<string, WindowRecord>): Map<string, object> {
  return new Map([...windows].map(([name, window]) => [name, comparable(window)]));
}
