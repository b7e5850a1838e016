import type { Quarantined, QuarantineReason } from '../../../../src/ingestion/checkpoint';
import { isBalanced } from '../../../../src/ingestion/progress';
import type { Checkpoint } from '../../../../src/ingestion/checkpoint';
import type { ReaderEvent } from '../../../../src/ingestion/reader/protocol';
import {
  checked,
  contentEnded,
  failed,
  given,
  holding,
  NOW,
  objectOf,
  opened,
  rangeOf,
  readTo,
  scanned,
  SOURCE,
  verified,
  versionsListed,
  type Given,
} from './deciding';

type Case = readonly [string, Given, readonly ReaderEvent[], readonly string[]];

/** Each case: given, the events after `started`, and the result of the last one. */
function table(cases: readonly Case[]): void {
  it.each(cases)('%s', (_, before, events, expected) => {
    expect(given(before).when(...events).names).toEqual(expected);
  });
}

const nothing: Given = { checkpoint: null };
const of100: Given = { checkpoint: readTo(100) };
const grown = objectOf('"b"', 150);
/** `grown` in quarantine. */
const withheld = (reason: QuarantineReason): Quarantined => ({
  ...{ etag: '"b"', size: 150, versionId: null, lastModified: 500 },
  reason,
});
const sameAgain = objectOf('"a"', 100);

describe('decide, at the start', () => {
  table([
    ['checks the newest object when it starts', nothing, [], ['close', 'check']],
    ['finishes when the object was never seen and is gone', nothing, [checked(null), versionsListed()], ['finish']],
    ['looks for the versions of an object that is gone', nothing, [checked(null)], ['list versions from the first']],
    ['finishes when nothing is new', of100, [checked(sameAgain)], ['finish']],
    [
      'takes over the name of the version when its bytes were read before',
      { checkpoint: readTo(100, { versionId: 'v1' }) },
      [checked(objectOf('"a"', 100, 'v2')), versionsListed('v1', 'v2')],
      ['trace versionSkipped same-content', 'publish 0:100 to 0:100 none', 'finish'],
    ],
    [
      'continues an object that was read in part',
      { checkpoint: readTo(60, { whole: false, objectSize: 100 }) },
      [checked(sameAgain)],
      ['trace appended same-object', 'scan "a" stored from 0:60'],
    ],
    ['fails when the check fails', of100, [failed('OBJECT_STORE')], ['close', 'fail because of OBJECT_STORE']],
    ['looks up the checkpoint again when the object changed', of100, [failed('OBJECT_CHANGED')], ['close', 'lookUp']],
    [
      'gives up when the object changed too often',
      { ...of100, attempts: 4 },
      [failed('OBJECT_CHANGED')],
      ['close', 'fail because of OBJECT_CHANGED'],
    ],
  ]);
});

describe('decide, for a first read', () => {
  const before = { since: { ms: 1_000, older: 'skipped', listed: null } } as const;
  const listed = { size: 40, etag: '"x"', lastModified: 400 };
  table([
    ['opens the object', nothing, [checked(sameAgain)], ['open "a"']],
    [
      'reads the open content',
      nothing,
      [checked(sameAgain), opened()],
      ['trace firstRead new', 'scan "a" opened from 0:0'],
    ],
    [
      'says once that an object is not compressed, although its name says so',
      { ...nothing, key: 'host/app.log.gz' },
      [checked(sameAgain), opened()],
      ['trace firstRead new', 'trace notCompressed name', 'scan "a" opened from 0:0'],
    ],
    [
      'skips an object from before `since` unread',
      { checkpoint: null, rules: { since: { ms: 1_000, older: 'ignored' } } },
      [checked(sameAgain)],
      ['trace versionSkipped before-since', 'finish'],
    ],
    [
      'reads only the ends of an object that it skips',
      { checkpoint: null, rules: before },
      [checked(sameAgain)],
      ['readEnd "a"'],
    ],
    [
      'skips all of a plain object, except the line that has begun',
      { checkpoint: null, rules: before },
      [
        checked(sameAgain),
        {
          type: 'endRead',
          encoding: 'plain',
          end: { before: Buffer.from(`${'x'.repeat(89)}\n${'y'.repeat(10)}`), fingerprint: 'f' },
        },
      ],
      ['trace firstRead from-now-on', 'publish 0:0 to 0:90 none', 'finish'],
    ],
    [
      'skips all of a gzip, whose content it does not know',
      { checkpoint: null, rules: before },
      [checked(sameAgain), { type: 'endRead', encoding: 'gzip', end: null }],
      ['trace firstRead from-now-on', 'publish 0:0 to 0:0 none', 'finish'],
    ],
    [
      'digests the bytes listed at the first start',
      { checkpoint: null, rules: { since: { ...before.since, listed } } },
      [checked(sameAgain), opened()],
      ['digestPrefix'],
    ],
    [
      'reads the bytes appended since the listing',
      { checkpoint: null, rules: { since: { ...before.since, listed } } },
      [
        checked(sameAgain),
        opened(),
        { type: 'prefixDigested', range: rangeOf(0, 40), before: Buffer.from(`${'x'.repeat(39)}\n`) },
      ],
      ['trace firstRead appended-since-listing', 'publish 0:0 to 0:40 none', 'scan "a" stored from 0:40'],
    ],
    [
      'reads a gzip from its start, although a part of it was listed',
      { checkpoint: null, rules: { since: { ...before.since, listed } } },
      [checked(sameAgain), opened('gzip')],
      ['trace firstRead new', 'scan "a" opened from 0:0'],
    ],
  ]);
});

describe('decide, for an object that may continue the bytes read', () => {
  const large = objectOf('"b"', 2_000);
  const gzip: Given = { checkpoint: readTo(100, { encoding: 'gzip' }) };
  const second: Given = { ...of100, attempts: 2 };
  table([
    ['verifies and keeps a small suffix', of100, [checked(grown)], ['verify by checksum, keep']],
    ['verifies a large suffix, and reads it again', of100, [checked(large)], ['verify by checksum']],
    [
      'continues when its checksum proves it',
      of100,
      [checked(grown), verified('proven')],
      ['trace appended checksum', 'scan "b" opened from 0:100'],
    ],
    [
      'reads a large suffix again when its checksum proves it',
      of100,
      [checked(large), verified('proven')],
      ['trace appended checksum', 'scan "b" stored from 0:100'],
    ],
    [
      'rereads when only the fingerprint matches',
      of100,
      [checked(grown), verified('fingerprintMatch', 'fingerprint')],
      ['reread stored'],
    ],
    [
      'continues after the reread',
      of100,
      [checked(grown), verified('fingerprintMatch', 'fingerprint'), verified('proven', 'content')],
      ['trace appended reread', 'scan "b" opened from 0:100'],
    ],
    [
      'accepts the fingerprint when a reread is too much',
      { checkpoint: readTo(6_000) },
      [checked(objectOf('"b"', 6_100)), verified('fingerprintMatch', 'fingerprint')],
      ['trace appended fingerprint', 'scan "b" opened from 0:6000'],
    ],
    [
      'accepts the fingerprint when the checkpoint has no checksum',
      { checkpoint: readTo(100, { crc64: null }) },
      [checked(grown), verified('fingerprintMatch', 'fingerprint')],
      ['trace appended fingerprint', 'scan "b" opened from 0:100'],
    ],
    ['reads once after repeated changes', second, [checked(large)], ['verify by fingerprint, keep']],
    [
      'accepts a fingerprint match after repeated changes',
      second,
      [checked(large), verified('fingerprintMatch', 'fingerprint')],
      ['trace appended fingerprint', 'scan "b" opened from 0:100'],
    ],
    ['compares the content where a gzip was read', gzip, [checked(grown)], ['open "b"']],
    ['rereads the open content where a gzip was read', gzip, [checked(grown), opened('gzip')], ['reread opened']],
    [
      'continues where a gzip holds the bytes read before',
      gzip,
      [checked(grown), opened('gzip'), verified('proven', 'content')],
      ['trace appended reread', 'scan "b" stored from 0:100'],
    ],
  ]);
});

describe('decide, for an object that does not continue the bytes read', () => {
  table([
    ['opens a shorter object', of100, [checked(objectOf('"b"', 50))], ['open "b"']],
    [
      'opens the object when its checksum disproves it',
      of100,
      [checked(grown), verified('disproved')],
      ['close', 'open "b"'],
    ],
    [
      'drops the kept suffix when the reread disproves it',
      of100,
      [checked(grown), verified('fingerprintMatch', 'fingerprint'), verified('disproved', 'content')],
      ['close', 'open "b"'],
    ],
    [
      'ends the generation only when the object can be read',
      of100,
      [checked(objectOf('"b"', 50)), opened()],
      ['flushTail'],
    ],
    [
      'starts a generation, after which lines may be missing',
      of100,
      [checked(objectOf('"b"', 50)), opened(), { type: 'tailFlushed' }],
      ['trace rewritten shorter', 'trace possibleGap rewritten', 'scan "b" opened from 1:0'],
    ],
    [
      'names what disproved it',
      of100,
      [checked(grown), verified('disproved', 'fingerprint'), opened(), { type: 'tailFlushed' }],
      ['trace rewritten fingerprint', 'trace possibleGap rewritten', 'scan "b" opened from 1:0'],
    ],
    [
      'notes no gap where every version is kept',
      { checkpoint: readTo(100, { versionId: 'v1' }) },
      [checked(objectOf('"b"', 50, 'v2')), versionsListed('v1', 'v2'), opened(), { type: 'tailFlushed' }],
      ['trace rewritten shorter', 'scan "b" opened from 1:0'],
    ],
    [
      'publishes the held line of the generation that ended',
      { checkpoint: holding(10, 100) },
      [checked(objectOf('"b"', 50)), opened(), scanned(90, 100, 100, { cutTail: 1 })],
      ['publish 0:90 to 0:100 batch', 'trace cut tail'],
    ],
    [
      'drops the bytes of a long line that are not held',
      { checkpoint: holding(70_000, 80_000) },
      [
        checked(objectOf('"b"', 50)),
        opened(),
        scanned(10_000, 75_536, 80_000, { cutTail: 1 }),
        { type: 'tailFlushed' },
      ],
      [
        'publish 0:75536 to 0:80000 none',
        'trace bytesDropped not-held 4464',
        'trace rewritten shorter',
        'trace possibleGap rewritten',
        'scan "b" opened from 1:0',
      ],
    ],
  ]);
});

describe('decide, while it scans', () => {
  const first = [checked(sameAgain), opened()] as const;
  const afterGap: Given = {
    checkpoint: readTo(100, { pendingGap: 100, possibleGap: 1, whole: false, objectSize: 200 }),
  };
  table([
    ['publishes lines', nothing, [...first, scanned(0, 60, 0)], ['publish 0:0 to 0:60 batch']],
    [
      'publishes a checkpoint only when bytes were dropped',
      nothing,
      [...first, scanned(0, 3, 0, { count: 0 }, 3)],
      ['publish 0:0 to 0:3 none'],
    ],
    [
      'marks the first record after a gap',
      afterGap,
      [checked(objectOf('"a"', 200)), scanned(100, 150, 100)],
      ['publish 0:100 to 0:150 afterGap'],
    ],
    [
      'marks no other record',
      afterGap,
      [checked(objectOf('"a"', 200)), scanned(100, 150, 100), scanned(150, 200, 150)],
      ['publish 0:150 to 0:200 batch'],
    ],
    [
      'traces cut lines by their number',
      nothing,
      [...first, scanned(0, 60, 0, { count: 9, repeated: 4, cutHead: 2, cutRest: 1 })],
      ['publish 0:0 to 0:60 batch', 'trace cut head 2', 'trace cut rest'],
    ],
    [
      'finishes at the end',
      nothing,
      [...first, scanned(0, 100, 0), contentEnded(100, 100)],
      ['publish 0:100 to 0:100 none', 'finish'],
    ],
    [
      'traces repeated and old lines and dropped bytes once for each object',
      nothing,
      [
        ...first,
        scanned(0, 60, 0, { repeated: 4, old: 1 }, 3),
        scanned(60, 100, 60, { repeated: 2, old: 7 }),
        contentEnded(100, 100),
      ],
      [
        'trace repeatedLines read-before 6',
        'trace oldLinesCounted not-read-before 8',
        'trace bytesDropped in-no-line 3',
        'publish 0:100 to 0:100 none',
        'finish',
      ],
    ],
    [
      'traces them when the reading fails, too',
      nothing,
      [...first, scanned(0, 60, 0, { repeated: 4 }), failed('OBJECT_STORE')],
      ['close', 'trace repeatedLines read-before 4', 'fail because of OBJECT_STORE'],
    ],
    [
      'holds an unterminated line',
      nothing,
      [...first, scanned(0, 60, 0), contentEnded(60, 100, 40)],
      ['publish 0:60 to 0:60 none', 'trace held unterminated', 'finish'],
    ],
    [
      'flushes an unterminated line when nothing will follow',
      { checkpoint: null, rules: { forceFlushAfterMs: 0 } },
      first,
      ['trace firstRead new', 'scan "a" opened from 0:0, flush'],
    ],
    [
      'flushes a line that was held for too long',
      { checkpoint: holding(10, 100, { heldSince: NOW - 10_000 }) },
      [checked(sameAgain)],
      ['scan "a" stored from 0:100, flush'],
    ],
    [
      'holds a line until then',
      { checkpoint: holding(10, 100, { heldSince: NOW - 9_999 }) },
      [checked(sameAgain)],
      ['finish'],
    ],
  ]);
});

describe('decide, with versions', () => {
  const v1: Given = { checkpoint: readTo(100, { versionId: 'v1' }) };
  const v3 = objectOf('"v3"', 300, 'v3');
  table([
    ['lists the versions since the last', v1, [checked(v3)], ['list versions from v1']],
    ['checks the oldest that is new', v1, [checked(v3), versionsListed('v1', 'v2', 'v3')], ['check v2']],
    [
      'reads a version that is there',
      v1,
      [checked(v3), versionsListed('v1', 'v2', 'v3'), checked(objectOf('"v2"', 200, 'v2'))],
      ['verify by checksum, keep'],
    ],
    [
      'notes a gap for a version that is gone, and reads the next',
      v1,
      [checked(v3), versionsListed('v1', 'v2', 'v3'), checked(null)],
      [
        'trace versionSkipped gone',
        'publish 0:100 to 0:100 none',
        'trace possibleGap version-gone',
        'verify by checksum, keep',
      ],
    ],
    [
      'notes a gap when the last version read is gone',
      v1,
      [
        checked(v3),
        { type: 'versionsListed', versions: [{ versionId: 'v3', size: 100, etag: '"v3"', lastModified: 900 }] },
      ],
      ['publish 0:100 to 0:100 none', 'trace possibleGap version-gone', 'verify by checksum, keep'],
    ],
    ['reads the newest when no version is listed', v1, [checked(v3), versionsListed()], ['verify by checksum, keep']],
    [
      'counts the versions before `since`',
      { checkpoint: null, rules: { since: { ms: 500, older: 'ignored' } } },
      [
        checked(v3),
        {
          type: 'versionsListed',
          versions: [
            { versionId: 'v1', size: 100, etag: '"v1"', lastModified: 100 },
            { versionId: 'v2', size: 100, etag: '"v2"', lastModified: 200 },
            { versionId: 'v3', size: 100, etag: '"v3"', lastModified: 500 },
          ],
        },
      ],
      ['trace versionSkipped before-since 2', 'open "v3"'],
    ],
    ['ends the source of a deleted object', v1, [checked(null), versionsListed('v1')], ['flushTail']],
    [
      'says so when its held line is published',
      v1,
      [checked(null), versionsListed('v1'), { type: 'tailFlushed' }],
      ['publish 0:100 to 0:100 none', 'finish'],
    ],
    [
      'does not end a source twice',
      { checkpoint: readTo(100, { versionId: 'v1', ended: 5 }) },
      [checked(null), versionsListed('v1')],
      ['finish'],
    ],
    [
      'checks again before it ends a source of which a version was read meanwhile',
      v1,
      [
        checked(null),
        versionsListed('v1', 'v2'),
        checked(objectOf('"v2"', 200, 'v2')),
        verified('proven'),
        contentEnded(100, 200, 100),
      ],
      ['publish 0:100 to 0:100 none', 'trace held unterminated', 'check'],
    ],
    [
      'lists again when it is still deleted',
      v1,
      [
        checked(null),
        versionsListed('v1', 'v2'),
        checked(objectOf('"v2"', 200, 'v2')),
        verified('proven'),
        contentEnded(100, 200, 100),
        checked(null),
      ],
      ['list versions from v2'],
    ],
    ['ends a source without versions at once', of100, [checked(null)], ['flushTail']],
  ]);
});

describe('decide, for an object that cannot be read', () => {
  const v1: Given = { checkpoint: readTo(100, { versionId: 'v1' }) };
  const v3 = objectOf('"v3"', 300, 'v3');
  const quarantined = { etag: '"b"', size: 150, versionId: null, lastModified: 500, reason: 'utf-16' } as const;
  table([
    [
      'puts it into quarantine',
      nothing,
      [checked(sameAgain), failed('OBJECT_ENCODING', 'utf-16')],
      ['close', 'trace quarantined utf-16', 'publish 0:0 to 0:0 none, quarantine utf-16', 'finish'],
    ],
    [
      'keeps the bytes read before',
      of100,
      [checked(grown), verified('disproved'), failed('OBJECT_GZIP_CORRUPT')],
      ['close', 'trace quarantined gzip-corrupt', 'publish 0:100 to 0:100 none, quarantine gzip-corrupt', 'finish'],
    ],
    [
      'does not read it again',
      { checkpoint: readTo(100, { quarantine: quarantined }) },
      [checked(grown)],
      ['trace versionSkipped in-quarantine', 'finish'],
    ],
    [
      'reads a denied object again, and reports it once',
      { checkpoint: readTo(100, { quarantine: { ...quarantined, reason: 'denied' } }) },
      [checked(grown), failed('OBJECT_STORE_DENIED')],
      ['close', 'finish'],
    ],
    [
      'reads the versions after one that it cannot read',
      v1,
      [
        checked(v3),
        versionsListed('v1', 'v2', 'v3'),
        checked(objectOf('"v2"', 200, 'v2')),
        failed('OBJECT_ENCODING', 'utf-16'),
      ],
      [
        'close',
        'trace quarantined utf-16',
        'publish 0:100 to 0:100 none, quarantine utf-16',
        'verify by checksum, keep',
      ],
    ],
    [
      'waits at a version that is denied',
      v1,
      [
        checked(v3),
        versionsListed('v1', 'v2', 'v3'),
        checked(objectOf('"v2"', 200, 'v2')),
        failed('OBJECT_STORE_DENIED'),
      ],
      ['close', 'trace quarantined denied', 'publish 0:100 to 0:100 none, quarantine denied', 'finish'],
    ],
    [
      'continues after a version that is archived',
      v1,
      [
        checked(v3),
        versionsListed('v1', 'v2', 'v3'),
        checked(objectOf('"v2"', 200, 'v2')),
        failed('OBJECT_STORE', 'archived'),
      ],
      [
        'close',
        'trace quarantined archived',
        'publish 0:100 to 0:100 none, quarantine archived',
        'verify by checksum, keep',
      ],
    ],
    [
      'tries the newest again, but not the archived version before it',
      {
        checkpoint: readTo(100, {
          versionId: 'v1',
          quarantine: { ...withheld('archived'), etag: '"v3"', versionId: 'v3' },
        }),
      },
      [checked(v3)],
      ['verify by checksum, keep'],
    ],
    [
      'continues after a version whose check is refused, and keeps its data from the listing',
      v1,
      [checked(v3), versionsListed('v1', 'v2', 'v3'), failed('OBJECT_STORE', 'customer-key')],
      [
        'close',
        'trace quarantined customer-key',
        'publish 0:100 to 0:100 none, quarantine customer-key',
        'verify by checksum, keep',
      ],
    ],
    [
      'waits at a version whose check is denied',
      v1,
      [checked(v3), versionsListed('v1', 'v2', 'v3'), failed('OBJECT_STORE_DENIED')],
      ['close', 'trace quarantined denied', 'publish 0:100 to 0:100 none, quarantine denied', 'finish'],
    ],
    [
      'puts an object that the store does not give into quarantine once',
      { checkpoint: readTo(100, { quarantine: withheld('archived') }) },
      [checked(grown), failed('OBJECT_STORE', 'archived')],
      ['close', 'finish'],
    ],
    [
      'keeps the request while the object is archived',
      { checkpoint: readTo(100, { quarantine: withheld('archived') }), request: { count: false, after: null } },
      [checked(grown), failed('OBJECT_STORE', 'archived')],
      ['close', 'finish, still requested'],
    ],
    [
      'asks the listing when the check is refused',
      nothing,
      [failed('OBJECT_STORE', 'customer-key')],
      ['findInListing'],
    ],
    [
      'puts the listed object into quarantine, with the reason of the check',
      nothing,
      [failed('OBJECT_STORE', 'customer-key'), { type: 'foundInListing', object: grown }],
      ['trace quarantined customer-key', 'publish 0:0 to 0:0 none, quarantine customer-key', 'finish'],
    ],
    [
      'fails when the check is refused and the listing does not name the key',
      nothing,
      [failed('OBJECT_STORE', 'customer-key'), { type: 'foundInListing', object: null }],
      ['close', 'fail because of OBJECT_STORE'],
    ],
    ['asks the listing when the check is denied', nothing, [failed('OBJECT_STORE_DENIED')], ['findInListing']],
    [
      'puts into quarantine what the listing names',
      nothing,
      [failed('OBJECT_STORE_DENIED'), { type: 'foundInListing', object: sameAgain }],
      ['trace quarantined denied', 'publish 0:0 to 0:0 none, quarantine denied', 'finish'],
    ],
    [
      'fails when the listing does not name the object',
      nothing,
      [failed('OBJECT_STORE_DENIED'), { type: 'foundInListing', object: null }],
      ['close', 'fail because of OBJECT_STORE_DENIED'],
    ],
    [
      'fails when the store does not answer',
      nothing,
      [checked(sameAgain), failed('OBJECT_STORE')],
      ['close', 'fail because of OBJECT_STORE'],
    ],
  ]);
});

describe('decide, for a requested generation', () => {
  const request = { count: false, after: null };
  const requested: Given = { ...of100, request };
  const denied = { etag: '"a"', size: 100, versionId: null, lastModified: 500, reason: 'denied' } as const;
  table([
    ['opens the object although nothing is new', requested, [checked(sameAgain)], ['open "a"']],
    [
      'starts a generation without a gap',
      requested,
      [checked(sameAgain), opened(), { type: 'tailFlushed' }],
      ['trace rewritten requested', 'scan "a" opened from 1:0'],
    ],
    [
      'finishes with nothing requested any longer',
      requested,
      [checked(sameAgain), opened(), { type: 'tailFlushed' }, scanned(0, 100, 0), contentEnded(100, 100)],
      ['publish 1:100 to 1:100 none', 'finish'],
    ],
    [
      'does not start a generation twice',
      { ...of100, checkpoint: readTo(100, { generation: 1 }), request: { count: false, after: 0 } },
      [checked(sameAgain)],
      ['finish'],
    ],
    ['ignores the request when the source was never read', { ...nothing, request }, [checked(sameAgain)], ['open "a"']],
    [
      'ignores the request when the object is gone',
      requested,
      [checked(null), { type: 'tailFlushed' }],
      ['publish 0:100 to 0:100 none', 'finish'],
    ],
    [
      'keeps the request while the object is denied',
      { checkpoint: readTo(100, { quarantine: denied }), request },
      [checked(sameAgain), failed('OBJECT_STORE_DENIED')],
      ['close', 'finish, still requested'],
    ],
    [
      'keeps the request when the reading fails',
      requested,
      [checked(sameAgain), failed('OBJECT_STORE')],
      ['close', 'fail because of OBJECT_STORE'],
    ],
    [
      'reads unread versions first',
      { checkpoint: readTo(100, { versionId: 'v1' }), request },
      [checked(objectOf('"v2"', 200, 'v2')), versionsListed('v1', 'v2')],
      ['verify by checksum, keep'],
    ],
    [
      'starts the generation after them',
      { checkpoint: readTo(100, { versionId: 'v1' }), request },
      [
        checked(objectOf('"v2"', 200, 'v2')),
        versionsListed('v1', 'v2'),
        verified('proven'),
        contentEnded(100, 200, 100),
      ],
      ['publish 0:100 to 0:100 none', 'trace held unterminated', 'open "v2"'],
    ],
  ]);

  it('remembers the generation that the requested one follows', () => {
    expect(given(requested).when(checked(sameAgain)).state.request).toEqual({ count: false, after: 0 });
  });
});

describe('decide', () => {
  it('names source, version, generation and offsets in every trace', () => {
    const { actions } = given(of100).when(checked(grown), verified('proven'));
    expect(actions[0]).toEqual({
      type: 'trace',
      decision: {
        ...{ decision: 'appended', reason: 'checksum', amount: 1 },
        ...{ source: SOURCE, versionId: null, generation: 0, from: 100, to: 150 },
      },
    });
  });

  it('accounts for every byte when it drops, holds and skips', () => {
    const { actions } = given(nothing).when(
      checked(sameAgain),
      opened(),
      scanned(0, 60, 0, {}, 20),
      contentEnded(60, 100, 40),
    );
    const published = actions.flatMap((action) => (action.type === 'publish' ? [action.checkpoint] : []));
    expect(published.map(({ position }) => position.sums)).toEqual([{ published: 40, dropped: 20, skipped: 0 }]);
    expect(published.every((checkpoint: Checkpoint) => isBalanced(checkpoint))).toBe(true);
  });

  it('refuses an event that answers nothing', () => {
    expect(() => given(of100).when(opened())).toThrow("received 'opened' while it was checkingNewest");
    expect(() => given(of100).when(checked(grown), opened())).toThrow("received 'opened' while it was verifying");
  });
});
