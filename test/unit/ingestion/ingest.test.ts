import { decide, idleReport, initialIngest, isIdle } from '../../../src/ingestion/ingest/decide';
import {
  type IngestAction,
  type IngestEvent,
  type IngestRules,
  type IngestState,
} from '../../../src/ingestion/ingest/protocol';
import { endListing, interruptListing, newListing, requestListing } from '../../../src/ingestion/ingest/listing';
import { asWhole, ended } from '../../../src/ingestion/progress';
import { firstCheckpoint } from '../../../src/ingestion/generations';
import { knownOf, type KnownSource, type ListedObject } from '../../../src/ingestion/reconcile';

const NOON = Date.parse('2026-11-21T12:00:00Z');
const DAY = 24 * 60 * 60_000;
const object: ListedObject = { size: 5, etag: '"a"', lastModified: NOON - DAY };
const readToItsEnd = asWhole(firstCheckpoint('b/k', 'k', object, 'plain', 'logs'));

const rules: IngestRules = {
  bucket: 'b',
  includes: (key) => !key.endsWith('.tmp'),
  since: { ms: -Infinity, older: 'ignored' },
  concurrency: 10,
  forceFlushAfterMs: DAY,
  retentionMs: 7 * DAY,
};

let state: IngestState;
function given(known: Record<string, KnownSource> = {}): void {
  state = initialIngest(new Map(Object.entries(known)));
}
beforeEach(() => given());

function when(event: IngestEvent, change: Partial<IngestRules> = {}, now = NOON): readonly IngestAction[] {
  return decide(state, event, { ...rules, ...change }, now);
}

const keysOf = (actions: readonly IngestAction[]): string[] =>
  actions.flatMap((action) => (action.type === 'read' ? [action.task.key] : []));
const listed = (...keys: string[]): IngestEvent => ({
  type: 'listed',
  objects: keys.map((key) => ({ key, ...object })),
});
const readOf = (key: string, checkpoint: typeof readToItsEnd | null = readToItsEnd): IngestEvent => ({
  ...{ type: 'readFinished', key },
  outcome: { kind: 'read', checkpoint, restart: null },
});

describe('ingest', () => {
  it('reads a key when a signal names it, unless it is excluded', () => {
    expect(keysOf(when({ type: 'arrived', key: 'k' }))).toEqual(['k']);
    expect(keysOf(when({ type: 'arrived', key: 'k.tmp' }))).toEqual([]);
  });

  it('starts another reading when one ends and the concurrency is used up', () => {
    const one = { concurrency: 1 };
    expect(keysOf(when({ type: 'arrived', key: 'a' }, one))).toEqual(['a']);
    expect(keysOf(when({ type: 'arrived', key: 'b' }, one))).toEqual([]);
    expect(keysOf(when(readOf('a'), one))).toEqual(['b']);
  });

  it('reads the objects of a listing that are new or changed', () => {
    given({ same: knownOf(readToItsEnd), other: { ...knownOf(readToItsEnd), etag: '"b"' } });
    expect(keysOf(when(listed('same', 'other', 'new')))).toEqual(['other', 'new']);
  });

  it('counts listed objects that are excluded, or older than since, once a portion', () => {
    const since = { ms: NOON, older: 'ignored' } as const;
    expect(when(listed('a.tmp', 'old', 'b.tmp', 'older'), { since })).toEqual([
      { type: 'trace', decision: { decision: 'objectSkipped', reason: 'excluded', amount: 2, first: 'a.tmp' } },
      { type: 'trace', decision: { decision: 'objectSkipped', reason: 'before-since', amount: 2, first: 'old' } },
    ]);
  });

  it('passes on the listed object when its content is older than the first start', () => {
    const since = { ms: NOON, older: 'skipped' } as const;
    expect(when(listed('old'), { since })).toEqual([
      { type: 'read', task: { key: 'old', restart: null, skipUpTo: object } },
    ]);
  });

  it('reads a known key that the listing did not name, unless it has ended', () => {
    given({ gone: knownOf(readToItsEnd), ended: knownOf(ended(readToItsEnd, NOON)) });
    expect(keysOf(when({ type: 'listingCompleted' }))).toEqual(['gone']);
  });

  it('cleans up after a listing: trims unchanged sources, removes those whose lines are past retention', () => {
    const known = { ...knownOf(readToItsEnd), trimmed: false };
    given({ old: known, ended: { ...known, ended: NOON - 7 * DAY } });
    when(listed('old'));
    const actions = when({ type: 'listingCompleted' });
    expect(actions).toEqual([
      { type: 'cleanUp', trim: ['b/old'], remove: ['b/ended'] },
      { type: 'barrier', complete: true },
    ]);
    expect([...state.known.keys()]).toEqual(['old']);
  });

  it('cleans up at most 1,000 sources in one transaction', () => {
    const known = { ...knownOf(readToItsEnd), trimmed: false };
    const keys = Array.from({ length: 2_500 }, (_, i) => `${i}`);
    given(Object.fromEntries(keys.map((key) => [key, known])));
    when(listed(...keys));
    const sizes = when({ type: 'listingCompleted' }).flatMap((action) =>
      action.type === 'cleanUp' ? [action.trim.length + action.remove.length] : [],
    );
    expect(sizes).toEqual([1_000, 1_000, 500]);
  });

  it('says that all is read when all that the listing named is read, also while later signals keep it busy', () => {
    when(listed('a', 'b'));
    expect(when({ type: 'listingCompleted' })).toEqual([]);
    when({ type: 'arrived', key: 'c' });
    expect(when(readOf('a'))).toEqual([]);
    expect(when(readOf('b'))).toEqual([{ type: 'barrier', complete: true }]);
    expect(when(readOf('c'))).toEqual([]);
  });

  it('retries a failed reading after a pause, and reports it until it succeeds', () => {
    when(listed('k'));
    when({ type: 'listingCompleted' });
    const outcome = { kind: 'failed', reason: 'S3 did not answer', restart: null } as const;
    expect(when({ type: 'readFinished', key: 'k', outcome })).toEqual([
      {
        type: 'trace',
        decision: { decision: 'readRetried', reason: 'failed', source: 'b/k', detail: 'S3 did not answer' },
      },
      { type: 'scheduleRetry', pauseMs: 5_000 },
      // It is behind, and stays so until it is read.
      { type: 'barrier', complete: false },
    ]);
    expect(idleReport(state, 'logs/').failed).toEqual([{ key: 'k', reason: 'S3 did not answer' }]);
    expect(when({ type: 'retryDue' }, {}, NOON + 4_999)).toEqual([{ type: 'scheduleRetry', pauseMs: 5_000 }]);
    expect(keysOf(when({ type: 'retryDue' }, {}, NOON + 5_000))).toEqual(['k']);
    when(readOf('k'), {}, NOON + 6_000);
    expect(idleReport(state, 'logs/').failed).toEqual([]);
  });

  it('never retries by itself when only another object can be read', () => {
    when(listed('k'));
    when({ type: 'readFinished', key: 'k', outcome: { kind: 'refused', reason: 'blocked' } });
    expect(when({ type: 'retryDue' }, {}, NOON + 365 * DAY)).toEqual([]);
    expect(idleReport(state, '').failed).toEqual([{ key: 'k', reason: 'blocked' }]);
  });

  it('continues a request for a new generation after a reading that could not fulfill it', () => {
    const restart = { count: true, after: 3 };
    when({ type: 'reingestRequested', key: 'k', count: true });
    const outcome = { kind: 'read', checkpoint: readToItsEnd, restart } as const;
    expect(when({ type: 'readFinished', key: 'k', outcome })).toEqual([
      { type: 'read', task: { key: 'k', restart, skipUpTo: null } },
    ]);
  });

  it('is idle when the listing has ended and no key waits or is being read', () => {
    when(listed('k'));
    expect(isIdle(state)).toBe(false);
    when({ type: 'listingCompleted' });
    expect(isIdle(state)).toBe(false);
    when(readOf('k'));
    expect(isIdle(state)).toBe(true);
  });

  it('starts nothing more when it drains', () => {
    when({ type: 'arrived', key: 'a' }, { concurrency: 1 });
    when({ type: 'arrived', key: 'b' }, { concurrency: 1 });
    when({ type: 'drainRequested' });
    const events: IngestEvent[] = [readOf('a'), { type: 'listingRequested' }, listed('c')];
    events.push({ type: 'listingInterrupted', after: 'c', reason: 'S3 did not answer' });
    const types = events.flatMap((event) => when(event)).map(({ type }) => type);
    expect(types).toEqual(['trace']);
    expect(state.listing.running).toBe(false);
  });
});

describe('listing', () => {
  const reason = 'S3 did not answer';

  it('starts when none runs, else after the one that runs', () => {
    const [ended] = endListing(newListing, null);
    expect(requestListing(ended)).toEqual([newListing, { next: 'start' }]);
    const [requested, step] = requestListing(newListing);
    expect(step).toEqual({ next: 'wait' });
    expect(endListing(requested, null)).toEqual([newListing, { next: 'start' }]);
  });

  it('continues after growing pauses when it is interrupted, and is given up at the fifth time at one place', () => {
    let listing = newListing;
    const steps = Array.from({ length: 5 }, () => {
      const [next, step] = interruptListing(listing, 'k', reason);
      listing = next;
      return step;
    });
    expect(steps).toEqual([
      ...[250, 500, 1_000, 2_000].map((pauseMs) => ({ next: 'continue', after: 'k', pauseMs })),
      { next: 'end' },
    ]);
    expect(listing).toMatchObject({ running: false, failed: reason });
  });

  it('counts interruptions from 1 again when it got further', () => {
    const [once] = interruptListing(newListing, 'a', reason);
    const [, step] = interruptListing(once, 'b', reason);
    expect(step).toEqual({ next: 'continue', after: 'b', pauseMs: 250 });
  });
});
