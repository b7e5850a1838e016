import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { runLocal } from '../../../src/apps/local';
import { runWatch } from '../../../src/apps/watch';
import { runAudit } from '../../../src/commands/audit';
import { sentMails } from '../../../src/adapters/embedded/mailbox';
import type { Config } from '../../../src/config';
import { parseWindowRecord } from '../../../src/pipelines/level-alerts/counting/parse-window-record';
import { decodeBatch } from '../../../src/records/record-batch';
import { storedBatches } from '../damage';
import { collectingIo, configWith } from '../in-process';
import { logbackLines, writeLog } from '../log-files';
import { comparable } from '../results';
import { readLines, readWindows, withEventLog } from '../topics';
import type { Running } from './programs';

/** Results of a run by name, to compare with an undisturbed run. */
export type Facts = Readonly<Record<string, unknown>>;

/** A way of using the program; its folder is new for each run. */
export interface Scenario {
  readonly name: string;
  readonly prepare: (folder: string) => void | Promise<void>;
  readonly args: (folder: string) => readonly string[];
  /** For a program that runs until it is stopped. */
  readonly drive?: (program: Running, folder: string) => Promise<void>;
  /** True when equal runs print equal results. */
  readonly printsResults: boolean;
  /** Does the work again, or the rest of it, in this process and without a fault. */
  readonly again: (folder: string) => Promise<void>;
  readonly facts: (folder: string) => Promise<Facts>;
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
export const settings = (folder: string, ...set: readonly string[]): Config =>
  configWith(`dataDir=${join(folder, 'data')}`, ...set);

async function auditOf(config: Config): Promise<number> {
  return runAudit(config, { sources: [], json: false }, collectingIo());
}

/** Lines and windows of the event log, and ids of the mails. */
export async function contentOf(folder: string): Promise<Facts> {
  const { dataDir } = settings(folder);
  const mails = await mailsIn(join(dataDir, 'mail'));
  return withEventLog(dataDir, async (log) => {
    const windows = [...(await readWindows(log))].map(([name, window]) => [name, comparable(window)] as const);
    return { lines: await readLines(log), windows: windows.sort(([a], [b]) => (a < b ? -1 : 1)), ...mails };
  });
}

/** Ids of mails; and of those that were sent again without telling the receiver so. */
async function mailsIn(folder: string): Promise<Facts> {
  const sent = await sentMails(folder);
  const mails = [...new Set(sent.map(({ id }) => id))].sort();
  const isTold = ({ transportId }: { readonly transportId: string }): boolean =>
    // Quoted-printable lines end anywhere.
    readFileSync(join(folder, transportId), 'utf8')
      .replace(/=\r?\n/g, '')
      .includes('You may have this mail already');
  const mailedAgain = sent.filter((mail, i) => sent.findIndex(({ id }) => id === mail.id) < i && !isTold(mail));
  return { mails, mailedAgain: mailedAgain.map(({ id }) => id) };
}

async function factsOf(folder: string, ...set: readonly string[]): Promise<Facts> {
  return { ...(await contentOf(folder)), audit: await auditOf(settings(folder, ...set)) };
}

/** `local --once` over plain and compressed files. */
export const once: Scenario = {
  name: 'local --once',
  printsResults: true,
  prepare: (folder) => {
    writeFileSync(join(folder, 'telltale.yaml'), 'objectStore: { folder: { versioning: true } }\n');
    writeLog(folder, 'logs/web-1/app.log', text(logbackLines(12)));
    writeLog(
      folder,
      'logs/web-1/torn.log',
      `${text(logbackLines(8, { from: 40 }))}2026-11-20 10:02:00.000 [m] ERROR a - torn`,
    );
    writeLog(folder, 'logs/web-1/old.log.gz', gzipSync(text(logbackLines(8, { from: 20 }))));
  },
  args: (folder) => {
    const files = ['--config', join(folder, 'telltale.yaml'), '--data', join(folder, 'data')];
    return ['local', '--once', join(folder, 'logs'), '--json', ...files];
  },
  again: async (folder) => {
    const options = { once: [join(folder, 'logs')], keepData: true, json: true };
    await runLocal(settings(folder, 'objectStore.folder.versioning=true'), options, collectingIo());
  },
  facts: (folder) => factsOf(folder, 'objectStore.prefix=web-1'),
};

const everySecond = ['upload.schedule=* * * * * *', 'ingest.reconcile=* * * * * *'] as const;
const set = (...values: readonly string[]): string[] => values.flatMap((value) => ['--set', value]);

/** `watch --once`. */
export const watch: Scenario = {
  name: 'watch --once',
  printsResults: false,
  prepare: (folder) => {
    writeLog(folder, 'logs/app.log', text(logbackLines(12)));
    writeLog(folder, 'logs/app.log.1', text(logbackLines(8, { from: 40 })));
    writeLog(folder, 'logs/other.log', text(logbackLines(8, { from: 20 })));
  },
  args: (folder) => {
    const options = ['--once', '--host', 'web-1', '--port', '0', '--data', join(folder, 'data')];
    return ['watch', ...options, ...set(...everySecond), join(folder, 'logs/*.log')];
  },
  again: async (folder) => {
    const watched = { paths: [join(folder, 'logs/*.log')], host: 'web-1' };
    await runWatch(settings(folder, ...everySecond), watched, true, collectingIo());
  },
  facts: (folder) => factsOf(folder),
};

/** A `local` that runs: two hosts, whose files grow and are rotated meanwhile. */
export const live: Scenario = {
  name: 'local',
  printsResults: false,
  prepare: (folder) => {
    writeLog(folder, 'data/hosts/web-1/app.log', text(logbackLines(12)));
    writeLog(folder, 'data/hosts/web-2/app.log', text(logbackLines(8, { from: 40 })));
  },
  args: (folder) => ['local', '--data', join(folder, 'data'), ...set('web.port=0', ...liveSettings)],
  drive: async (program, folder) => {
    if (await untilLines(program, folder, 20)) {
      await lookAtPages(program);
      grow(folder);
      await untilLines(program, folder, 34);
    }
    program.stop();
  },
  again: async (folder) => {
    const io = collectingIo();
    const running = runLocal(settings(folder, ...liveSettings), { once: null, keepData: true, json: false }, io);
    const stop = new AbortController();
    void running.finally(() => stop.abort()).catch(() => undefined);
    const program = { out: io.printed, ended: stop.signal, stop: io.interrupt };
    await untilLines(program, folder, 20);
    grow(folder);
    await untilLines(program, folder, 34);
    io.interrupt();
    await running;
  },
  facts: (folder) => factsOf(folder),
};

const liveSettings = ['generator.hosts=0', 'idleAfter=1s', ...everySecond] as const;

/** Once: a second call finds the rotated file. */
function grow(folder: string): void {
  const host = join(folder, 'data/hosts/web-1');
  if (grown.has(folder)) return;
  grown.add(folder);
  appendFileSync(join(host, 'app.log'), text(logbackLines(6, { from: 60 })));
  renameSync(join(host, 'app.log'), join(host, 'app.log.1'));
  writeLog(host, 'app.log', text(logbackLines(8, { from: 80 })));
}
const grown = new Set<string>();

/** Opens every page, and the newest mail: what they answer under a fault is of no matter. */
async function lookAtPages({ out }: Running): Promise<void> {
  const url = /^status +(http:\S+)$/m.exec(out())?.[1];
  if (url === undefined) return;
  const page = async (path: string): Promise<string> => {
    const answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(5_000) });
    return answer.text();
  };
  try {
    await page('');
    const mail = /href="\/(mail\/[^"]+)"/.exec(await page('mail'))?.[1];
    if (mail !== undefined) await page(mail);
  } catch {
    // It has ended, or does not answer in time.
  }
}

/** How long a program that works gets for lines. */
const LINES_MS = 25_000;

/**
 * Waits until the windows hold this many lines.
 * @returns false when the program has ended before, or does not come to it
 */
async function untilLines({ out, ended }: Running, folder: string, count: number): Promise<boolean> {
  const deadline = Date.now() + LINES_MS;
  while (!ended.aborted && Date.now() < deadline) {
    // Another connection during the start could disturb it.
    if (out().includes('Ctrl-C stops') && countedLines(join(folder, 'data')) >= count) return true;
    await pause(100);
  }
  return false;
}

function countedLines(data: string): number {
  const windows = new Map<string, number>();
  for (const { topic, bytes } of storedBatches(data)) {
    for (const { key, value } of topic === 'windows' ? decodeBatch(bytes) : []) {
      const window = key === null || value === null ? null : parseWindowRecord(key, value);
      if (window !== null) windows.set(`${window.origin} ${window.windowStart}`, window.lines);
    }
  }
  return Array.from(windows.values()).reduce((sum, lines) => sum + lines, 0);
}
