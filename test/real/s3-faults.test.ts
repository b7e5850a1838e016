import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

import type { S3Store } from '../../src/adapters/aws/s3-store';
import { bytesOf, openSnapshot } from '../../src/adapters/aws/s3-upload';
import type { ObjectInfo } from '../../src/ports/object-store';
import type { RunningS3 } from '../support/s3';
import { S3_START_MS, makeBucket, openS3, runS3, useS3 } from '../support/s3';
import { S3Proxy, s3Answer, type S3Fault } from '../support/s3-proxy';
import { tempFolders } from '../support/temp-folder';

const BUCKET = 'faults';
const KEY = 'web-1/app.log';
const CONTENT = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i} of a log\n`).join(''));
const STALL_MS = 400;

const folders = tempFolders();
let s3: RunningS3;
let proxy: S3Proxy;
let store: S3Store;
let file: string;
let object: ObjectInfo;

beforeAll(async () => {
  s3 = await runS3();
  proxy = await S3Proxy.start(s3.port);
  useS3(s3, proxy.port);
  await makeBucket(BUCKET);
  file = join(folders.make(), 'file');
}, S3_START_MS);
afterAll(async () => {
  await proxy.close();
  await s3.stop();
});

beforeEach(async () => {
  proxy.reset();
  useS3(s3, proxy.port);
  store = openS3({ stallMs: STALL_MS, requestTimeoutMs: 2_000 });
  writeFileSync(file, CONTENT);
  object = await store.putFile(BUCKET, KEY, file);
  proxy.reset();
});
afterEach(() => store.close());

/** All bytes from an offset, and the error that ended the read. */
async function readFrom(from: number): Promise<{ read: Buffer; error: unknown }> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of await store.read(BUCKET, KEY, { from, ifMatch: object.etag })) pieces.push(piece);
    return { read: Buffer.concat(pieces), error: null };
  } catch (error) {
    return { read: Buffer.concat(pieces), error };
  }
}

const list = async (bucket = BUCKET): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(bucket)) keys.push(key);
  return keys;
};

describe('a body', () => {
  it.each([0, 1, 65_536, 300_001, CONTENT.length - 1])('fails when it is cut after %i bytes', async (afterBytes) => {
    proxy.breakNext({ kind: 'cut', afterBytes });
    const { read, error } = await readFrom(0);
    expect(error).toMatchObject({ code: 'OBJECT_STORE', retriable: true });
    expect(String(error)).not.toContain('no byte arrived');
    expect(read.equals(CONTENT.subarray(0, read.length))).toBe(true);
    expect((await readFrom(read.length)).read.equals(CONTENT.subarray(read.length))).toBe(true);
  });

  it.each([0, 100_000])('fails when it stalls after %i bytes', async (afterBytes) => {
    proxy.breakNext({ kind: 'stall', afterBytes });
    const started = Date.now();
    const { read, error } = await readFrom(0);
    expect(error).toMatchObject({ code: 'OBJECT_STORE', retriable: true });
    expect(String(error)).toContain(`no byte arrived for ${STALL_MS / 1000} s`);
    expect(read.equals(CONTENT.subarray(0, afterBytes))).toBe(true);
    expect(Date.now() - started).toBeGreaterThanOrEqual(STALL_MS);
  });

  it('does not fail when its reader is slow', async () => {
    const pieces: Buffer[] = [];
    for await (const piece of await store.read(BUCKET, KEY, { from: 0, ifMatch: object.etag })) {
      if (pieces.length < 2) await pause(STALL_MS * 1.5);
      pieces.push(piece);
    }
    expect(Buffer.concat(pieces).equals(CONTENT)).toBe(true);
  });

  it('fails only its reader when it breaks before the first read', async () => {
    proxy.breakNext({ kind: 'cut', afterBytes: 10 });
    const pieces = await store.read(BUCKET, KEY, { from: 0, ifMatch: object.etag });
    await pause(50);
    const first = pieces[Symbol.asyncIterator]();
    const reading = (async () => {
      while ((await first.next()).done !== true);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'OBJECT_STORE' });
  });

  it('is refused when it starts at the wrong byte', async () => {
    proxy.breakNext({ kind: 'answer', status: 200, body: 'all of it', headers: { etag: object.etag } });
    expect((await readFrom(4)).error).toMatchObject({ code: 'OBJECT_STORE', retriable: false });
  });

  it('is refused when it belongs to another object', async () => {
    proxy.breakNext({ kind: 'answer', status: 206, body: 'other', headers: { etag: '"other"' } });
    expect((await readFrom(0)).error).toMatchObject({ code: 'OBJECT_CHANGED' });
  });
});

describe('a busy server', () => {
  const calls: [string, () => Promise<unknown>][] = [
    ['head', () => store.head(BUCKET, KEY)],
    ['read', () => readFrom(0).then(({ error }) => error instanceof Error && Promise.reject(error))],
    ['list', () => list()],
    ['versions', () => store.versions(BUCKET, KEY)],
    ['put', () => store.putFile(BUCKET, KEY, file)],
  ];

  const busy: [string, S3Fault][] = [
    ['503 SlowDown', s3Answer(503, 'SlowDown')],
    ['500 InternalError', s3Answer(500, 'InternalError')],
  ];
  describe.each(busy)('with %s', (_what, fault) => {
    it.each(calls)('gets another request: %s', async (_name, call) => {
      proxy.breakNext(fault, 2);
      await call();
      expect(proxy.requests.length).toBeGreaterThanOrEqual(3);
    });

    it.each(calls)('gets a limited number of requests: %s', async (_name, call) => {
      proxy.breakNext(fault, 100);
      await expect(call()).rejects.toMatchObject({ code: 'OBJECT_STORE', retriable: true });
      expect(proxy.requests).toHaveLength(3);
    });
  });

  it('times out when it is silent', async () => {
    store = openS3({ requestTimeoutMs: 200, maxAttempts: 2 });
    proxy.breakNext({ kind: 'silence' }, 2);
    await expect(store.head(BUCKET, KEY)).rejects.toMatchObject({ code: 'OBJECT_STORE', retriable: true });
  });

  it('times out when it stops reading a put', async () => {
    store = openS3({ stallMs: 200, maxAttempts: 2 });
    proxy.breakNext({ kind: 'silence' }, 2);
    await expect(store.putFile(BUCKET, KEY, file)).rejects.toThrow('accepted no byte for 0.2 s');
  });

  it('gets the present file on a retry', async () => {
    proxy.breakNext(s3Answer(503, 'SlowDown'), 1, () => writeFileSync(file, 'another content'));
    expect(await store.putFile(BUCKET, KEY, file)).toMatchObject({ size: 15 });
  });

  it('gets another request when it was unreachable', async () => {
    process.env['AWS_ENDPOINT_URL_S3'] = 'http://127.0.0.1:1';
    store = openS3();
    const looking = store.head(BUCKET, KEY);
    await expect(looking).rejects.toMatchObject({ code: 'OBJECT_STORE', retriable: true });
    await expect(looking).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('a refusal', () => {
  const refusals: [string, S3Fault, string, RegExp][] = [
    [
      'a missing permission',
      s3Answer(403, 'AccessDenied'),
      'OBJECT_STORE_DENIED',
      /permissions that docs\/s3\.md lists/,
    ],
    [
      'expired credentials',
      s3Answer(400, 'ExpiredToken', '<Token-0>TOPSECRET</Token-0>'),
      'OBJECT_STORE_DENIED',
      /expired: get new ones/,
    ],
    [
      'a wrong signature',
      s3Answer(403, 'SignatureDoesNotMatch', '<StringToSign>TOPSECRET</StringToSign>'),
      'OBJECT_STORE_DENIED',
      /check AWS_ACCESS_KEY_ID/,
    ],
    ['a wrong clock', s3Answer(403, 'RequestTimeTooSkewed'), 'OBJECT_STORE_DENIED', /clock of this machine/],
    ['a missing bucket', s3Answer(404, 'NoSuchBucket'), 'NO_SUCH_BUCKET', /check objectStore\.bucket/],
    [
      'another region',
      s3Answer(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-north-1' }),
      'NO_SUCH_BUCKET',
      /set AWS_REGION.*eu-north-1/,
    ],
    ['an archived object', s3Answer(403, 'InvalidObjectState'), 'OBJECT_STORE', /restore it first/],
  ];
  it.each(refusals)(
    'because of %s says what to do, contains no secret, and is not retriable',
    async (_what, fault, code, says) => {
      const calls = [
        () => list(),
        () => store.versions(BUCKET, KEY),
        () => readFrom(0).then(({ error }) => Promise.reject(error as Error)),
        () => store.head(BUCKET, KEY),
      ];
      for (const call of calls) {
        proxy.reset();
        proxy.breakNext(fault, 10);
        const error: unknown = await call().then(
          () => null,
          (thrown: unknown) => thrown,
        );
        expect(error).toMatchObject({ code, retriable: false });
        expect(String(error)).toMatch(says);
        const all = inspect(error, { depth: 10, showHidden: true });
        for (const secret of ['TOPSECRET', 'Signature=', s3.environment['AWS_SECRET_ACCESS_KEY'] ?? '']) {
          expect(all).not.toContain(secret);
        }
      }
    },
  );

  it('comes from the real server too: wrong credentials, and a missing bucket', async () => {
    await expect(store.head('not-there', KEY)).rejects.toMatchObject({ code: 'NO_SUCH_BUCKET' });
    await expect(list('not-there')).rejects.toMatchObject({ code: 'NO_SUCH_BUCKET' });
    await expect(store.versions('not-there', KEY)).rejects.toMatchObject({ code: 'NO_SUCH_BUCKET' });
    writeFileSync(file, 'little enough to be sent before the answer comes');
    await expect(store.putFile('not-there', KEY, file)).rejects.toMatchObject({ code: 'NO_SUCH_BUCKET' });
    process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
    const wrongSecret = openS3();
    await expect(wrongSecret.head(BUCKET, KEY)).rejects.toThrow(/SignatureDoesNotMatch/);
    process.env['AWS_ACCESS_KEY_ID'] = 'UNKNOWN';
    const stranger = openS3();
    await expect(stranger.head(BUCKET, KEY)).rejects.toThrow(/No user exists/);
    wrongSecret.close();
    stranger.close();
  });
});

describe('a listing', () => {
  const page = (more: string): S3Fault => ({
    kind: 'answer',
    status: 200,
    body:
      '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>' +
      '<Contents><Key>a+b%2Bc%25%0A%F0%9F%98%80/x</Key><Size>1</Size><ETag>&quot;e&quot;</ETag>' +
      `<LastModified>2026-11-20T10:00:00.000Z</LastModified></Contents>${more}</ListBucketResult>`,
  });

  it('decodes the keys that S3 encodes', async () => {
    proxy.breakNext(page('<IsTruncated>false</IsTruncated>'));
    expect(await list()).toEqual(['a b+c%\n😀/x']);
  });

  it('fails when it never ends', async () => {
    proxy.breakNext(page('<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'), 5);
    await expect(list()).rejects.toMatchObject({ code: 'OBJECT_STORE' });
    expect(proxy.requests).toHaveLength(2);
  });
});

describe('a listing of versions', () => {
  const entry = (kind: 'Version' | 'DeleteMarker', key: string, id: string): string =>
    `<${kind}><Key>${key}</Key><VersionId>${id}</VersionId><Size>1</Size><ETag>&quot;${id}&quot;</ETag>` +
    `<LastModified>2026-11-20T10:00:00.000Z</LastModified></${kind}>`;
  /**
   * @param next key and version after which the next page continues
   */
  const page = (entries: string[], next: [string, string] | null): S3Fault => ({
    kind: 'answer',
    status: 200,
    body:
      '<?xml version="1.0"?><ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>' +
      `<IsTruncated>${next !== null}</IsTruncated>${entries.join('')}` +
      (next === null
        ? ''
        : `<NextKeyMarker>${next[0]}</NextKeyMarker><NextVersionIdMarker>${next[1]}</NextVersionIdMarker>`) +
      '</ListVersionsResult>',
  });
  const ids = async (key: string, from?: string): Promise<string[]> =>
    (await store.versions(BUCKET, key, from)).map(({ versionId }) => versionId);
  const v = (id: string): string => entry('Version', 'a+%2B', id);

  it('spans pages, skips delete markers, and ends where other keys begin', async () => {
    proxy.breakNext(page([v('5'), v('4')], ['a+%2B', '4']));
    proxy.breakNext(page([entry('DeleteMarker', 'a+%2B', 'd'), entry('DeleteMarker', 'a+%2B', 'e')], ['a+%2B', 'd']));
    proxy.breakNext(page([v('3'), entry('Version', 'a+%2B.1', 'x')], ['a+%2B.1', 'x']));
    expect(await ids('a +')).toEqual(['3', '4', '5']);
    expect(proxy.requests).toHaveLength(3);
  });

  it('requests no further page once it reaches the start version', async () => {
    proxy.breakNext(page([v('5'), v('4'), v('3')], ['a+%2B', '3']));
    expect(await ids('a +', '4')).toEqual(['4', '5']);
    expect(proxy.requests).toHaveLength(1);
  });

  it('requests no further page once only other keys can follow', async () => {
    proxy.breakNext(page([entry('DeleteMarker', 'a+%2B.1', 'x')], ['a+%2B.1', 'x']));
    expect(await ids('a +')).toEqual([]);
    expect(proxy.requests).toHaveLength(1);
  });

  it('has a version from before versioning, and none where it was never on', async () => {
    proxy.breakNext(page([v('5'), v('null')], null));
    expect(await ids('a +')).toEqual(['null', '5']);
    proxy.breakNext(page([v('null')], null));
    expect(await ids('a +')).toEqual([]);
    // Versioning was on for a while and is now off.
    proxy.breakNext(page([v('null'), v('5')], null));
    expect(await ids('a +', '5')).toEqual(['5', 'null']);
  });

  it.each([
    ['a listing without end', ['a+%2B', '5'] as [string, string], 2],
    ['a truncated page without continuation', ['', ''] as [string, string], 1],
  ])('fails on %s', async (_what, next, requests) => {
    const broken = page([v('5')], next);
    const body = broken.kind === 'answer' ? broken.body.replace('<NextKeyMarker></NextKeyMarker>', '') : '';
    proxy.breakNext({ kind: 'answer', status: 200, body }, 5);
    await expect(ids('a +')).rejects.toMatchObject({ code: 'OBJECT_STORE' });
    expect(proxy.requests).toHaveLength(requests);
  });
});

describe('a version', () => {
  const gone: [string, S3Fault][] = [
    ['a deleted version', s3Answer(404, 'NoSuchVersion')],
    ['a delete marker', s3Answer(405, 'MethodNotAllowed')],
    ['an id that S3 cannot read', s3Answer(400, 'InvalidArgument')],
  ];
  it.each(gone)('does not exist: %s', async (_what, fault) => {
    proxy.breakNext(fault, 10);
    expect(await store.head(BUCKET, KEY, 'v')).toBeNull();
    const reading = store.read(BUCKET, KEY, { from: 0, ifMatch: object.etag, versionId: 'v' });
    await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  it('counts 400 as an error when no version was requested', async () => {
    proxy.breakNext(s3Answer(400, 'InvalidArgument'), 10);
    await expect(store.head(BUCKET, KEY)).rejects.toMatchObject({ code: 'OBJECT_STORE' });
  });

  it('fails for a missing bucket', async () => {
    await expect(store.head('not-there', KEY, 'null')).rejects.toMatchObject({ code: 'NO_SUCH_BUCKET' });
  });
});

describe('closing', () => {
  it('ends running requests, and refuses later ones', async () => {
    proxy.breakNext({ kind: 'stall', afterBytes: 100_000 });
    const pieces = (await store.read(BUCKET, KEY, { from: 0, ifMatch: object.etag }))[Symbol.asyncIterator]();
    await pieces.next();
    store.close();
    const reading = (async () => {
      while ((await pieces.next()).done !== true);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'OBJECT_STORE' });
    await expect(store.head(BUCKET, KEY)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

it('fails when the file is truncated during an upload', async () => {
  const snapshot = await openSnapshot(file);
  truncateSync(file, 1000);
  const sending = (async () => {
    for await (const piece of bytesOf(snapshot.handle, snapshot.size)) expect(piece).toHaveLength(1000);
  })();
  await expect(sending).rejects.toMatchObject({ code: 'OBJECT_STORE', retriable: true });
  await snapshot.handle.close();
});
