import { WorkQueue } from '../../../src/ingestion/ingest/work-queue';

const NOON = Date.parse('2026-11-21T12:00:00Z');
const KEY = 'web-1/app.log';
const MINUTE = 60_000;

let work: WorkQueue;
beforeEach(() => {
  work = new WorkQueue();
});

/** Fails a key at noon. */
function fail(): void {
  work.failedForNow({ key: KEY, restart: null }, 'S3 did not answer', NOON);
}

/** The store does not give object `"a"` of a key at noon. */
function withhold(isRare: boolean): void {
  work.failedForNow({ key: KEY, restart: null }, 'in quarantine', NOON, { etag: '"a"', isRare });
}

describe('work queue', () => {
  it('merges requests of one key that waits', () => {
    work.add(KEY, { restart: { count: true, after: null } });
    work.add(KEY);
    expect(work.take(2)).toEqual([{ key: KEY, restart: { count: true, after: null }, skipUpTo: null }]);
    expect(work.take(2)).toEqual([]);
  });

  it('reads a key again when a request comes while it is being read', () => {
    const listed = { size: 1, etag: '"a"', lastModified: 5 };
    work.add(KEY, { skipUpTo: listed });
    work.take(1);
    work.add(KEY);
    expect(work.take(1)).toEqual([]);
    work.done(KEY);
    expect(work.take(1)).toEqual([{ key: KEY, restart: null, skipUpTo: null }]);
    work.done(KEY);
    expect(work.isEmpty).toBe(true);
  });

  it('takes keys in order of arrival, up to the concurrency', () => {
    for (const key of ['b', 'a', 'c']) work.add(key);
    expect(work.take(2).map(({ key }) => key)).toEqual(['b', 'a']);
    work.done('b');
    expect(work.take(2).map(({ key }) => key)).toEqual(['c']);
  });

  it('keeps the listed object of a failed key when a later listing names another', () => {
    const first = { size: 1, etag: '"a"', lastModified: 5 };
    work.add(KEY, { skipUpTo: first });
    work.take(1);
    fail();
    work.done(KEY);
    work.add(KEY, { skipUpTo: { ...first, size: 2 } });
    expect(work.take(1)).toEqual([{ key: KEY, restart: null, skipUpTo: first }]);
  });
});

describe('a failed key', () => {
  it.each([
    ['in 5 s', 1, 5_000],
    ['in 10 s after it failed twice', 2, 10_000],
    ['in a quarter of an hour after it failed often', 20, 15 * MINUTE],
  ])('is due %s', (_, times, pause) => {
    for (let i = 0; i < times; i++) fail();
    expect(work.mayRead(KEY, '"a"', NOON + pause - 1)).toBe(false);
    expect(work.mayRead(KEY, '"a"', NOON + pause)).toBe(true);
  });

  it.each([
    ['in a quarter of an hour', 1, 15 * MINUTE],
    ['in half an hour the second time', 2, 30 * MINUTE],
    ['in six hours after it failed often', 20, 360 * MINUTE],
  ])('is due %s when the store does not give its object', (_, times, pause) => {
    // Failures of another kind do not count.
    for (let i = 0; i < 3; i++) fail();
    for (let i = 0; i < times; i++) withhold(true);
    expect(work.mayRead(KEY, '"a"', NOON + pause - 1)).toBe(false);
    expect(work.mayRead(KEY, '"a"', NOON + pause)).toBe(true);
    fail();
    expect(work.mayRead(KEY, '"a"', NOON + 5_000)).toBe(true);
  });

  it.each([true, false])('does not wait when its object is another one, or gone (rare: %s)', (isRare) => {
    withhold(isRare);
    expect(work.mayRead(KEY, '"a"', NOON)).toBe(false);
    expect(work.mayRead(KEY, '"b"', NOON)).toBe(true);
    expect(work.mayRead(KEY, null, NOON)).toBe(true);
    fail();
    expect(work.mayRead(KEY, '"b"', NOON)).toBe(false);
  });

  it('is due when the clock was set back', () => {
    fail();
    expect(work.mayRead(KEY, '"a"', NOON - 24 * 60 * MINUTE)).toBe(true);
    work.retry(NOON - 24 * 60 * MINUTE);
    expect(work.has(KEY)).toBe(true);
  });

  it('waits for its whole pause when it fails again while it is being read', () => {
    const readAt = (now: number): void => {
      work.retry(now);
      expect(work.take(1)).toMatchObject([{ key: KEY }]);
    };
    fail();
    readAt(NOON + 5_000);
    work.retry(NOON + 10_000);
    work.failedForNow({ key: KEY, restart: null }, 'S3 did not answer', NOON + 11_000);
    work.done(KEY);
    expect(work.has(KEY)).toBe(false);
    work.retry(NOON + 20_999);
    expect(work.has(KEY)).toBe(false);
    readAt(NOON + 21_000);
  });

  it('is reported and never retried when only another object can be read', () => {
    fail();
    work.failedPermanently(KEY, 'in quarantine: utf-16');
    expect(work.hasRetries).toBe(false);
    expect(work.failures).toEqual([{ key: KEY, reason: 'in quarantine: utf-16' }]);
    work.retry(NOON + 24 * 60 * MINUTE);
    expect(work.has(KEY)).toBe(false);
    work.succeeded(KEY);
    expect(work.failures).toEqual([]);
  });
});
