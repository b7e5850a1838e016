import { randomInt } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config';
import { CounterRegistry } from '../counters';
import { faultAndRemedy } from '../errno';
import { createLineMaker, fileNameOf, type LineMaker } from '../generator/log-line';
import { createRandom, type Random } from '../generator/random';
import { isTelltaleError, TelltaleError } from '../errors';
import type { Io } from '../io';
import { systemClock, type Clock } from '../ports/clock';
import { openStore } from './compose';
import { openDataFolder, warnOfOpenFolder } from './data-folder';
import { reportEnd } from './until-stopped';
import { startUploads } from './uploads';

/** Approximate size of one write in a burst. */
const BURST_BYTES = 64 * 1024;

export interface GeneratorsOptions {
  readonly settings: Config['generator'];
  /** Contains a folder `host-1`, `host-2`, … per host. */
  readonly folder: string;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/**
 * `telltale generator`: writes log files of some hosts until it is stopped or reaches the configured limits, and
 * uploads them to the embedded object store.
 * @returns the exit code
 */
export async function runGenerator(config: Config, io: Io): Promise<number> {
  const data = openDataFolder(config.dataDir);
  warnOfOpenFolder(data, io.log);
  const folder = config.generator.folder ?? data.hosts;
  io.log.info('generating log files', { folder, hosts: config.generator.hosts });
  const uploads = startUploads(
    config,
    { hostsFolder: folder, memory: data.uploads },
    await openStore(config, data, io),
    {
      io,
      counters: new CounterRegistry(),
    },
  );
  const { lines } = await startGenerators({ settings: config.generator, folder, clock: systemClock, stop: io.stop });
  if (io.stop.aborted) io.shutdown.begin();
  await uploads.drain();
  io.log.info('generated log files', { folder, lines });
  if (io.stop.aborted || io.shutdown.left.length > 0) reportEnd(io);
  return io.shutdown.isIncomplete ? 1 : 0;
}

/**
 * Runs hosts that write concurrently, each at most `maxCount` lines, into
 * `<folder>/host-<i>/LogFileGenerator.<yyyy-MM-dd>.log`. Resolves when all of them are finished or stopped; when one
 * fails, the others stop too.
 * @returns the number of written lines
 * @throws CONFIG when the pattern is not supported, DATA_FOLDER when a file cannot be written
 */
export async function startGenerators(options: GeneratorsOptions): Promise<{ lines: number }> {
  const { settings, folder, clock } = options;
  const seed = settings.seed ?? randomInt(2 ** 47);
  const failed = new AbortController();
  const stop = AbortSignal.any([options.stop, failed.signal]);

  const hosts = Array.from({ length: settings.hosts }, (_, i) => {
    const random = createRandom(seed, i + 1);
    return { random, lineMaker: createLineMaker(settings, random), folder: join(folder, `host-${i + 1}`) };
  });
  const written = await Promise.allSettled(
    hosts.map(async (host) => {
      try {
        return await runHost({ ...host, settings, clock, stop });
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );

  let lines = 0;
  for (const result of written) {
    if (result.status === 'rejected') throw result.reason;
    lines += result.value;
  }
  return { lines };
}

interface Host {
  readonly random: Random;
  readonly lineMaker: LineMaker;
  readonly folder: string;
  readonly settings: Config['generator'];
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Writes a line and pauses, or in a burst writes as many lines as fit. Yields to the other hosts after each write. */
async function runHost({ random, lineMaker, folder, settings, clock, stop }: Host): Promise<number> {
  const { maxCount, duration, burst, pauseMin, pauseMax } = settings;
  const limit = maxCount === 0 ? Infinity : maxCount;
  const end = duration === 0 ? Infinity : clock.now() + duration;
  const file = new LogFile();
  let lines = 0;
  try {
    while (lines < limit && clock.now() < end && !stop.aborted) {
      const time = clock.now();
      let text = '';
      do {
        text += `${lineMaker(time)}\n`;
        lines += 1;
      } while (burst && lines < limit && text.length < BURST_BYTES);
      await file.append(join(folder, fileNameOf(time)), text);
      if (burst) await nextTurn();
      else await clock.sleep(random.integer(pauseMin, pauseMax), stop);
    }
  } finally {
    await file.close();
  }
  return lines;
}

function notWritten(path: string, cause: unknown): TelltaleError {
  const remedy = faultAndRemedy(cause, 'check the disk and the permissions');
  return new TelltaleError('DATA_FOLDER', `Cannot write the log file ${path}${remedy}`, { cause });
}

/** Appends whole lines, with one write per call, so that a kill between two calls leaves no torn line. */
class LogFile {
  private current: { readonly path: string; readonly handle: FileHandle; endsTorn: boolean } | null = null;

  /** @param text whole lines */
  async append(path: string, text: string): Promise<void> {
    try {
      const file = await this.at(path);
      const bytes = Buffer.from(file.endsTorn ? `\n${text}` : text, 'utf8');
      const { bytesWritten } = await file.handle.write(bytes);
      if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were taken`);
      file.endsTorn = false;
    } catch (error) {
      throw isTelltaleError(error) ? error : notWritten(path, error);
    }
  }

  async close(): Promise<void> {
    const closing = this.current;
    this.current = null;
    try {
      await closing?.handle.close();
    } catch (error) {
      throw notWritten(closing?.path ?? '', error);
    }
  }

  private async at(path: string): Promise<{ readonly handle: FileHandle; endsTorn: boolean }> {
    if (this.current?.path === path) return this.current;
    await this.close();
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, 'a+');
    this.current = { path, handle, endsTorn: await endsTorn(handle) };
    return this.current;
  }
}

/** True when the last line of the file is unterminated, because another program wrote it or the disk was full. */
async function endsTorn(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}
