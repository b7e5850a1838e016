import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGenerators } from '../../../src/apps/generator';
import type { Config } from '../../../src/config';
import type { Clock } from '../../../src/ports/clock';

const settings: Config['generator'] = {
  hosts: 1,
  folder: null,
  minLength: 10,
  maxLength: 50,
  pattern: '([a-c][e-g][0-3]|[A-Z][5-9][f-w]){5,15}',
  frequency: 0.07,
  seed: 7,
  pauseMin: 100,
  pauseMax: 1000,
  levels: { error: [0, 0.01], warn: [0.01, 0.2], debug: [0.2, 0.3], info: [0.3, 1] },
  maxCount: 0,
  duration: 0,
  burst: false,
};

/** A clock on which a sleep takes no real time but advances the time. */
function fastClock(start: number): Clock & { readonly pauses: number[] } {
  let now = start;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => now,
    sleep: (ms) => {
      pauses.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
}

const noon = Date.UTC(2026, 10, 21, 12);
const today = 'LogFileGenerator.2026-11-21.log';
const never = new AbortController().signal;

describe('the generators', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'telltale-generator-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const linesOf = (host: string, file = today): string[] => {
    const text = readFileSync(join(folder, host, file), 'utf8');
    expect(text.endsWith('\n')).toBe(true);
    return text.slice(0, -1).split('\n');
  };

  it('write one file per day and host, with maxCount lines in total', async () => {
    const result = await startGenerators({
      settings: { ...settings, hosts: 3, maxCount: 20 },
      folder,
      clock: fastClock(noon),
      stop: never,
    });
    expect(result).toEqual({ lines: 60 });
    expect(readdirSync(folder).sort()).toEqual(['host-1', 'host-2', 'host-3']);
    for (const host of readdirSync(folder)) expect(linesOf(host)).toHaveLength(20);
    expect(linesOf('host-1')).not.toEqual(linesOf('host-2'));
  });

  it('write the same files for the same seed', async () => {
    const options = { settings: { ...settings, maxCount: 20 }, clock: fastClock(noon), stop: never };
    await startGenerators({ ...options, clock: fastClock(noon), folder: join(folder, 'a') });
    await startGenerators({ ...options, clock: fastClock(noon), folder: join(folder, 'b') });
    expect(linesOf('a/host-1')).toEqual(linesOf('b/host-1'));
  });

  it('pause between lines as configured, and end after the duration', async () => {
    const clock = fastClock(noon);
    await startGenerators({ settings: { ...settings, duration: 60_000 }, folder, clock, stop: never });
    expect(clock.now()).toBeGreaterThanOrEqual(noon + 60_000);
    expect(clock.now()).toBeLessThan(noon + 61_000);
    expect(Math.min(...clock.pauses)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...clock.pauses)).toBeLessThanOrEqual(1000);
    expect(linesOf('host-1')).toHaveLength(clock.pauses.length);
  });

  it('begin a new file at midnight UTC', async () => {
    const clock = fastClock(Date.UTC(2026, 10, 21, 23, 59, 50));
    await startGenerators({ settings: { ...settings, duration: 20_000 }, folder, clock, stop: never });
    expect(linesOf('host-1').every((line) => line.startsWith('23:59:'))).toBe(true);
    expect(linesOf('host-1', 'LogFileGenerator.2026-11-22.log').every((line) => line.startsWith('00:00:'))).toBe(true);
  });

  it('append to an existing file, and terminate its unterminated last line', async () => {
    mkdirSync(join(folder, 'host-1'));
    writeFileSync(join(folder, 'host-1', today), 'whole\ntorn');
    const run = () =>
      startGenerators({ settings: { ...settings, maxCount: 2 }, folder, clock: fastClock(noon), stop: never });
    await run();
    expect(linesOf('host-1').slice(0, 2)).toEqual(['whole', 'torn']);
    expect(linesOf('host-1')).toHaveLength(4);
    await run();
    expect(linesOf('host-1')).toHaveLength(6);
  });

  it('write exactly maxCount lines per host without pause in burst mode', async () => {
    const clock = fastClock(noon);
    const result = await startGenerators({
      settings: { ...settings, hosts: 2, burst: true, maxCount: 5_000 },
      folder,
      clock,
      stop: never,
    });
    expect(result).toEqual({ lines: 10_000 });
    expect(clock.pauses).toEqual([]);
    for (const host of ['host-1', 'host-2']) expect(linesOf(host)).toHaveLength(5_000);
  });

  it('stop between two writes when asked', async () => {
    const stop = new AbortController();
    const clock = fastClock(noon);
    let left = 5;
    const counting: Clock = {
      now: () => clock.now(),
      sleep: (ms) => {
        left -= 1;
        if (left === 0) stop.abort();
        return clock.sleep(ms);
      },
    };
    await expect(startGenerators({ settings, folder, clock: counting, stop: stop.signal })).resolves.toEqual({
      lines: 5,
    });
    expect(linesOf('host-1')).toHaveLength(5);
  });

  it('all stop and name the file when one of them cannot write', async () => {
    writeFileSync(join(folder, 'host-2'), 'a file where a folder has to be');
    const started = startGenerators({
      settings: { ...settings, hosts: 3 },
      folder,
      clock: fastClock(noon),
      stop: never,
    });
    await expect(started).rejects.toMatchObject({
      code: 'DATA_FOLDER',
      message: expect.stringContaining(join('host-2', today)) as string,
    });
  });

  it('refuse a pattern that cannot generate strings', async () => {
    const started = startGenerators({
      settings: { ...settings, pattern: 'a+' },
      folder,
      clock: fastClock(noon),
      stop: never,
    });
    await expect(started).rejects.toMatchObject({ code: 'CONFIG' });
  });
});
