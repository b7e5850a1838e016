import type { LogReaderMessage } from '../../actors/protocol';
import { WorkList } from '../../actors/work-list';
import { spawn } from '../../src/kit';
import { startTestSystem } from './kit/harness';

/** What could not be read, and when it is tried again. */

const NOON = Date.parse('2026-11-21T12:00:00Z');
const KEY = 'web-1/app.log';
const MINUTE = 60_000;

let work: WorkList;
beforeEach(() => {
  work = new WorkList();
});

/** Fails a key at noon. */
function fail(): void {
  work.failedForNow({ key: KEY, restart: null }, 'S3 did not answer', NOON);
}

describe('what failed', () => {
  it.each([
    ['in 5 s', 1, 5_000],
    ['in 10 s after it failed twice', 2, 10_000],
    ['in a quarter of an hour after it failed often', 20, 15 * MINUTE],
  ])('is due %s', (_, times, pause) => {
    for (let i = 0; i < times; i++) fail();
    expect(work.mayRead(KEY, NOON + pause - 1)).toBe(false);
    expect(work.mayRead(KEY, NOON + pause)).toBe(true);
  });

  it('is due when the clock was set back: nobody knows how long it has waited', () => {
    fail();
    expect(work.mayRead(KEY, NOON - 24 * 60 * MINUTE)).toBe(true);
    work.retry(NOON - 24 * 60 * MINUTE);
    expect(work.has(KEY)).toBe(true);
  });

  it('and is in work is not tried again at once when that fails, too', async () => {
    const { system } = startTestSystem();
    const reader = spawn<LogReaderMessage, null>(system, {
      name: 'reader',
      initialState: () => null,
      receive: () => null,
    });
    const readAt = (now: number): void => {
      work.retry(now);
      expect(work.has(KEY)).toBe(true);
      work.start(1, () => reader);
    };
    fail();
    readAt(NOON + 5_000);
    work.retry(NOON + 10_000);
    work.failedForNow({ key: KEY, restart: null }, 'S3 did not answer', NOON + 11_000);
    work.finished(KEY);
    expect(work.has(KEY)).toBe(false);
    work.retry(NOON + 20_999);
    expect(work.has(KEY)).toBe(false);
    readAt(NOON + 21_000);
    await system.stop(1_000);
  });

  it('for good is told of and never tried again by itself', () => {
    fail();
    work.failedForGood(KEY, 'in quarantine: utf-16');
    expect(work.hasRetries).toBe(false);
    expect(work.failures).toEqual([{ key: KEY, reason: 'in quarantine: utf-16' }]);
    work.retry(NOON + 24 * 60 * MINUTE);
    expect(work.has(KEY)).toBe(false);
    work.succeeded(KEY);
    expect(work.failures).toEqual([]);
  });
});
