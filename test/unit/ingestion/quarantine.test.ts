import { TelltaleError, type ErrorCode } from '../../../src/errors';
import { quarantineReasons } from '../../../src/ingestion/checkpoint';
import { encodeQuarantine, quarantineReasonOf, quarantineRecord } from '../../../src/ingestion/quarantine';

describe('quarantine reason', () => {
  const byCode: [ErrorCode, (typeof quarantineReasons)[number] | null][] = [
    ['OBJECT_GZIP_CORRUPT', 'gzip-corrupt'],
    ['OBJECT_GZIP_TRUNCATED', 'gzip-truncated'],
    ['OBJECT_GZIP_RATIO', 'gzip-ratio'],
    ['OBJECT_UTF_16', 'utf-16'],
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
    expect(quarantineReasonOf(new Error('OBJECT_UTF_16'))).toBeNull();
    expect(quarantineReasonOf({ code: 'OBJECT_UTF_16' })).toBeNull();
    expect(quarantineReasonOf('OBJECT_UTF_16')).toBeNull();
  });

  it('has an error code for each reason', () => {
    expect(byCode.flatMap(([, reason]) => reason ?? [])).toEqual([...quarantineReasons]);
  });
});

describe('quarantine record', () => {
  const object = { size: 5, etag: '"a"', lastModified: 1_000 };

  it('names the object, the reason and the detail', () => {
    const error = new TelltaleError('OBJECT_UTF_16', 'The object ä.log is UTF-16');
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
