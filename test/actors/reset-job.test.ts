import { CounterRegistry } from '../../src/counters';
import { jobRunner } from '../../actors/job-runner';
import { resetJob } from '../../actors/reset-job';
import { crc32c } from '../../src/adapters/native/checksums';
import { ask, spawn } from '../../src/kit';
import { systemClock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';
import type { Job } from '../../src/stream/job';
import { tempFolders } from '../support/temp-folder';
import { readRecords, readWindows } from '../support/topics';
import { appendLines, counting, openLog, untilHolds } from './consuming';
import { changedLog } from './decorators';
import { startTestSystem } from './kit/harness';
import { info } from './producing';

const folders = tempFolders();
let log: EventLog;
beforeEach(async () => {
  log = await openLog(folders.make());
});
afterEach(() => log.close());

const job = (changed: Partial<Job> = {}): Job => ({ ...counting(), ...changed });

const reset = (of: Job, on: EventLog = log): Promise<number> =>
  resetJob({ job: of, partition: 0, log: on, clock: systemClock, crc32c });

async function count(of: Job = job()): Promise<void> {
  const { system } = startTestSystem();
  const ref = spawn(system, runner(of));
  await ask(ref, (replyTo) => ({ type: 'finish', replyTo }), 20_000);
  await system.stop(10_000);
}

function runner(of: Job): ReturnType<typeof jobRunner<unknown>> {
  const confirm = (): Promise<void> => Promise.resolve();
  return jobRunner('counting-0', {
    job: of,
    partition: 0,
    log,
    clock: systemClock,
    crc32c,
    counters: new CounterRegistry(),
    tickMs: 60_000,
    confirm,
  });
}

async function append(from: number, minutes: number): Promise<void> {
  const text = (to: number): string => Array.from({ length: to }, (_, i) => `${info(i * 60)}\n`).join('');
  await appendLines(log, 'web-1/app.log', text(from).length, text(from + minutes).slice(text(from).length), Date.now());
}

async function linesOfWindows(): Promise<number[]> {
  return [...(await readWindows(log, 1)).values()].map(({ lines }) => lines);
}

describe('resetJob', () => {
  it('deletes every window and the head, so that the next run counts each line once', async () => {
    await append(0, 5);
    await count();
    // Five windows and one origin.
    expect(await reset(job())).toBe(6);
    expect(await linesOfWindows()).toEqual([]);
    expect(await log.groupOffset('telltale-counting', 'logs', 0)).toBe(0);
    await append(5, 2);
    await count();
    expect(await linesOfWindows()).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it('deletes nothing the second time', async () => {
    await append(0, 5);
    await count();
    expect([await reset(job()), await reset(job())]).toEqual([6, 0]);
  });

  it('lets a job run whose definition was changed', async () => {
    await append(0, 3);
    await count();
    await expect(count(job({ definition: 'new' }))).rejects.toMatchObject({ cause: { code: 'RESET_NEEDED' } });
    await reset(job({ definition: 'new' }));
    await count(job({ definition: 'new' }));
    expect(await linesOfWindows()).toEqual([1, 1, 1]);
  });

  it('fences a runner of the job, which then counts from the start of the topic', async () => {
    await append(0, 3);
    const seen = startTestSystem();
    const ref = spawn(seen.system, runner(job()));
    await untilHolds(log, 'windows', (records) => records.length >= 3);
    await reset(job());
    await append(3, 1);
    await untilHolds(
      log,
      'windows',
      (records) =>
        new Map(records.map(({ key, value }) => [String(key), value])).size === 4 && records.at(-1)?.value !== null,
    );
    await ask(ref, (replyTo) => ({ type: 'finish', replyTo }), 20_000);
    expect(await linesOfWindows()).toEqual([1, 1, 1, 1]);
    expect(seen.crashes).toEqual([]);
    await seen.system.stop(10_000);
  });

  it('deletes also records that were written after it began to read, and starts over when it is fenced itself', async () => {
    await append(0, 3);
    await count();
    let fenced = 0;
    const busy = changedLog(log, {
      openWriter: async (writer) => {
        if (fenced > 0) return log.openWriter(writer);
        fenced++;
        const own = await log.openWriter(writer);
        await append(3, 1);
        await count();
        return own;
      },
    });
    expect(await reset(job(), busy)).toBe(5);
    await count();
    expect(await linesOfWindows()).toEqual([1, 1, 1, 1]);
  });

  it('gives up, and says what to stop, when a running consumer fences it each time', async () => {
    const always = changedLog(log, {
      openWriter: async (writer) => {
        const own = await log.openWriter(writer);
        await (await log.openWriter(writer)).close();
        return own;
      },
    });
    await expect(reset(job(), always)).rejects.toMatchObject({
      code: 'FENCED',
      message: 'A running consumer took counting/0 back each time: stop the consumers, and run this again.',
    });
  });

  it('keeps outputs that the job does not restore itself from', async () => {
    await append(0, 3);
    await count(job({ stateTopics: [] }));
    await reset(job({ stateTopics: [] }));
    expect(await linesOfWindows()).toEqual([1, 1, 1]);
    expect((await readRecords(log, 'state', 1)).at(-1)?.value).toBeNull();
  });
});
