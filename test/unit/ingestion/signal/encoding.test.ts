import fc from 'fast-check';
import { decodeSignal, encodeBatch, encodeSignal, PAYLOAD_SHAPE } from '../../../../src/ingestion/signal/encoding';
import type { Signal } from '../../../../src/ingestion/signal/signal';

const signal: Signal = { v: 1, bucket: 'telltale-logs', key: 'logs/host-1/a b+ä.log' };
const payloadOf = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');

describe('signal payload', () => {
  it('decodes to the same signal', () => {
    expect(decodeSignal(encodeSignal(signal))).toEqual(signal);
    const full = { ...signal, versionId: '3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY', sequencer: '0055AED6DCD90281E5' };
    expect(decodeSignal(encodeSignal(full))).toEqual(full);
    for (const reingest of ['mark', 'count'] as const) {
      expect(decodeSignal(encodeSignal({ ...signal, reingest }))).toEqual({ ...signal, reingest });
    }
  });

  it('is base64url for any key, so that a shell finds nothing in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 150 }), (key) => {
        const payload = encodeSignal({ ...signal, key });
        expect(payload).toMatch(PAYLOAD_SHAPE);
        expect(decodeSignal(payload)).toEqual({ ...signal, key });
      }),
    );
  });

  it('holds keys of up to 1,024 bytes of UTF-8', () => {
    const longest = 'ä'.repeat(512);
    expect(decodeSignal(encodeSignal({ ...signal, key: longest }))).toMatchObject({ key: longest });
    expect(() => encodeSignal({ ...signal, key: `${longest}a` })).toThrow('1 to 1024 bytes');
    expect(() => decodeSignal(payloadOf({ ...signal, key: `${longest}a` }))).toThrow('1 to 1024 bytes');
  });

  it('is refused by its writer when it is too long for its reader', () => {
    expect(() => encodeSignal({ ...signal, key: '\u0001'.repeat(1000) })).toThrow('4096 may be sent');
  });

  it('has each key of a batch once, in the order of arrival', () => {
    const payload = encodeBatch('telltale-logs', ['logs/b', 'logs/a', 'logs/b']);
    expect(decodeSignal(payload)).toEqual({ v: 2, bucket: 'telltale-logs', keys: ['logs/b', 'logs/a'] });
  });

  it('has never more than 4,096 characters: too many or too long keys of a batch ask for a listing', () => {
    const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `logs/host-${i}/app.log`);
    expect(decodeSignal(encodeBatch('telltale-logs', keys(90)))).toMatchObject({ keys: keys(90) });
    expect(decodeSignal(encodeBatch('telltale-logs', keys(200)))).toEqual({
      v: 2,
      bucket: 'telltale-logs',
      list: true,
    });
    const hostile = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 250 }), {
      minLength: 1,
      maxLength: 99,
    });
    fc.assert(
      fc.property(hostile, (some) => {
        const payload = encodeBatch('telltale-logs', some);
        expect(payload).toMatch(PAYLOAD_SHAPE);
        const decoded = decodeSignal(payload);
        if ('keys' in decoded) expect(decoded.keys).toEqual([...new Set(some)]);
        else expect(decoded).toEqual({ v: 2, bucket: 'telltale-logs', list: true });
      }),
    );
  });

  test.each<[string, string, string]>([
    ['is empty', '', 'not base64url'],
    ['is padded', `${payloadOf(signal)}=`, 'not base64url'],
    ['is ordinary base64', 'ab+/', 'not base64url'],
    ['holds a line break', `${payloadOf(signal)}\n`, 'not base64url'],
    ['is longer than 4,096 characters', 'a'.repeat(4097), 'more than 4096'],
    ['is not JSON', Buffer.from('{"v":1').toString('base64url'), 'not JSON'],
    ['is not UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('base64url'), 'not JSON in UTF-8'],
    ['is a list', payloadOf([signal]), 'not a JSON object'],
    ['is null', payloadOf(null), 'not a JSON object'],
    ['has no version', payloadOf({ ...signal, v: undefined }), 'its version is missing'],
    ['is of another version', payloadOf({ ...signal, v: 3 }), 'its version is 3'],
    ['is a batch with a key of version 1', payloadOf({ ...signal, v: 2 }), 'unknown field "key"'],
    ['is a batch without keys', payloadOf({ v: 2, bucket: 'logs' }), 'needs one of keys and list'],
    ['is a batch with an empty list', payloadOf({ v: 2, bucket: 'logs', keys: [] }), 'it names no key'],
    [
      'is a batch with keys and list',
      payloadOf({ v: 2, bucket: 'logs', keys: ['a'], list: true }),
      'needs one of keys',
    ],
    ['is a batch with a number as key', payloadOf({ v: 2, bucket: 'logs', keys: ['a', 7] }), 'not a list of texts'],
    ['is a batch with an empty key', payloadOf({ v: 2, bucket: 'logs', keys: ['a', ''] }), '1 to 1024 bytes'],
    ['has another list than true', payloadOf({ v: 2, bucket: 'logs', list: 1 }), 'its list is 1, not true'],
    ['has an extra field', payloadOf({ ...signal, command: 'rm' }), 'unknown field "command"'],
    ['has no bucket', payloadOf({ v: 1, key: 'a' }), 'bucket is missing'],
    ['has an impossible bucket name', payloadOf({ ...signal, bucket: 'a/b c' }), 'cannot be the name of a bucket'],
    ['has no key', payloadOf({ v: 1, bucket: 'logs' }), 'key is missing'],
    ['has an empty key', payloadOf({ ...signal, key: '' }), '1 to 1024 bytes'],
    ['has a number as key', payloadOf({ ...signal, key: 7 }), 'key is missing or not text'],
    ['has half a surrogate pair in its key', payloadOf({ ...signal, key: 'a\ud800' }), '1 to 1024 bytes of UTF-8'],
    ['has a number as version', payloadOf({ ...signal, versionId: 7 }), 'versionId is not text'],
    ['has a version with a space', payloadOf({ ...signal, versionId: 'a b' }), 'versionId cannot be one'],
    ['has an unknown reingest mode', payloadOf({ ...signal, reingest: 'all' }), 'its reingest is "all"'],
    ['has a null reingest mode', payloadOf({ ...signal, reingest: null }), 'its reingest is null'],
    ['has a sequencer that is not hexadecimal', payloadOf({ ...signal, sequencer: 'xyz' }), 'not hexadecimal'],
  ])('is refused when it %s', (_, payload, problem) => {
    expect(() => decodeSignal(payload)).toThrow(expect.objectContaining({ code: 'BAD_SIGNAL' }) as Error);
    expect(() => decodeSignal(payload)).toThrow(problem);
  });

  it('throws only BAD_SIGNAL for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (payload) => {
          try {
            decodeSignal(payload);
          } catch (error) {
            expect(error).toMatchObject({ code: 'BAD_SIGNAL' });
          }
        },
      ),
    );
  });
});
