import { TelltaleError, type ErrorCode } from '../../../src/errors';
import { quarantineReasons } from '../../../src/ingestion/checkpoint';
import { unreadEncodings } from '../../../src/lines/encoding';
import {
  encodeQuarantine,
  encodeQuarantinedBatch,
  quarantineReasonOf,
  quarantineRecord,
} from '../../../src/ingestion/quarantine';

describe('quarantine reason', () => {
  const byCode: [ErrorCode, (typeof quarantineReasons)[number] | null][] = [
    ['OBJECT_GZIP_CORRUPT', 'gzip-corrupt'],
    ['OBJECT_GZIP_TRUNCATED', 'gzip-truncated'],
    ['OBJECT_GZIP_RATIO', 'gzip-ratio'],
    ['OBJECT_ZSTD_CORRUPT', 'zstd-corrupt'],
    ['OBJECT_ZSTD_TRUNCATED', 'zstd-truncated'],
    ['OBJECT_ZSTD_RATIO', 'zstd-ratio'],
    ['OBJECT_ZSTD_WINDOW', 'zstd-window'],
    ['OBJECT_STORE_DENIED', 'denied'],
    ['OBJECT_CHANGED', null],
    ['OBJECT_NOT_FOUND', null],
    ['OBJECT_STORE', null],
    ['INTERNAL', null],
  ];

  test.each(byCode)('maps %s to %s', (code, reason) => {
    expect(quarantineReasonOf(new TelltaleError(code, 'because'))).toBe(reason);
  });

  it('is null for errors that are not of Telltale', () => {
    expect(quarantineReasonOf(new Error('OBJECT_GZIP_RATIO'))).toBeNull();
    expect(quarantineReasonOf({ code: 'OBJECT_GZIP_RATIO' })).toBeNull();
    expect(quarantineReasonOf('OBJECT_GZIP_RATIO')).toBeNull();
  });

  it.each([...unreadEncodings, 'nested'])('is that of the error for %s', (reason) => {
    expect(quarantineReasonOf(new TelltaleError('OBJECT_ENCODING', 'because', { reason }))).toBe(reason);
    expect(quarantineReasonOf(new TelltaleError('OBJECT_STORE', 'because', { reason }))).toBeNull();
  });

  it.each(['archived', 'customer-key', 'kms-key'])('is that of a store that will not give the object: %s', (reason) => {
    const refusal = { retriable: false, reason };
    expect(quarantineReasonOf(new TelltaleError('OBJECT_STORE', 'because', refusal))).toBe(reason);
    expect(
      quarantineReasonOf(new TelltaleError('OBJECT_STORE', 'because', { ...refusal, retriable: true })),
    ).toBeNull();
  });

  it.each<ErrorCode>(['OBJECT_STORE', 'OBJECT_KEY'])('is refused for any other error %s that stays', (code) => {
    expect(quarantineReasonOf(new TelltaleError(code, 'because', { retriable: false }))).toBe('refused');
    expect(quarantineReasonOf(new TelltaleError('NO_SUCH_BUCKET', 'because', { retriable: false }))).toBeNull();
  });

  it('is null for a reason that is not known', () => {
    expect(quarantineReasonOf(new TelltaleError('OBJECT_ENCODING', 'because', { reason: 'else' }))).toBeNull();
    expect(quarantineReasonOf(new TelltaleError('OBJECT_ENCODING', 'because'))).toBeNull();
  });

  it('has an error for each reason', () => {
    const ofStore = ['archived', 'customer-key', 'kms-key', 'refused'];
    const known = [...byCode.flatMap(([, reason]) => reason ?? []), ...unreadEncodings, 'nested', ...ofStore];
    expect(known.sort()).toEqual([...quarantineReasons].sort());
  });
});

describe('quarantine record', () => {
  const object = { size: 5, etag: '"a"', lastModified: 1_000 };

  it('names the object, the reason and the detail', () => {
    const error = new TelltaleError('OBJECT_ENCODING', 'The object ä.log is UTF-16', { reason: 'utf-16' });
    expect(quarantineRecord('b/ä.log', { ...object, versionId: 'v1' }, 'utf-16', error)).toEqual({
      v: 1,
      source: 'b/ä.log',
      etag: '"a"',
      versionId: 'v1',
      size: 5,
      lastModified: 1_000,
      reason: 'utf-16',
      detail: 'The object ä.log is UTF-16',
    });
  });

  it('has no version when the object has none, and a detail for any thrown value', () => {
    expect(quarantineRecord('b/k', object, 'denied', 'no')).toMatchObject({ versionId: null, detail: 'no' });
  });

  it('is JSON, keyed by the source', () => {
    const record = quarantineRecord('b/ä.log', object, 'denied', new Error('no'));
    const { key, value } = encodeQuarantine(record);
    expect(key.toString('utf8')).toBe('b/ä.log');
    expect(JSON.parse(value.toString('utf8'))).toEqual(record);
  });
});

describe('quarantined batch', () => {
  it('is JSON, keyed by its place', () => {
    const batch = { v: 1, topic: 'logs', partition: 3, from: 12, next: 20, job: 'counting', detail: 'é' } as const;
    const { key, value } = encodeQuarantinedBatch(batch);
    expect(key.toString('utf8')).toBe('topic:logs/3/12');
    expect(JSON.parse(value.toString('utf8'))).toEqual(batch);
  });
});
