import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import {
  createWindowReader,
  parseWindowRecord,
} from '../../../../src/pipelines/level-alerts/counting/parse-window-record';
import schema from '../../../../src/pipelines/level-alerts/counting/window-record.schema.json';

const key = { origin: 'web-1', windowStart: '2024-03-01T12:00:00Z' };
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('parseWindowRecord', () => {
  it('fills in the fields that another engine leaves out', () => {
    const counts = { error: 3, info: 40 };
    expect(new Ajv2020().compile(schema)({ ...key, counts })).toBe(true);
    expect(parseWindowRecord(json(key), json({ ...key, counts }))).toEqual({
      v: 1,
      windowStart: '2024-03-01T12:00:00.000Z',
      windowEnd: '2024-03-01T12:01:00.000Z',
      origin: 'web-1',
      counts: { error: 3, warn: 0, info: 40, debug: 0, none: 0 },
      continuation: 0,
      unparsed: 0,
      lines: 43,
      again: 0,
      future: 0,
      expired: 0,
      gaps: 0,
      newest: null,
      watermark: null,
      idle: false,
      revision: 1,
      complete: false,
      patterns: [],
      otherPatterns: 0,
      samples: [],
      engine: 'unknown',
    });
  });

  it('skips a field when it has the wrong type', () => {
    const value = {
      counts: { error: 1 },
      windowEnd: 'soon',
      again: -1,
      newest: '7',
      patterns: [1, { pattern: 'x' }, { pattern: 'y', count: 2 }],
      samples: 'no',
      idle: 1,
    };
    expect(parseWindowRecord(json(key), json(value))).toMatchObject({
      windowEnd: '2024-03-01T12:01:00.000Z',
      again: 0,
      newest: null,
      patterns: [{ pattern: 'y', count: 2 }],
      samples: [],
      idle: false,
    });
  });

  it.each<[string, unknown, unknown]>([
    ['a key without origin', { windowStart: key.windowStart }, { counts: {} }],
    ['a time without a zone', { ...key, windowStart: '2024-03-01T12:00:00' }, { counts: {} }],
    ['a time that does not exist', { ...key, windowStart: '2024-13-01T12:00:00Z' }, { counts: {} }],
    ['a key that is not an object', 'web-1', { counts: {} }],
    ['a value without counts', key, { lines: 5 }],
    ['a count below 0', key, { counts: { error: -1 } }],
    ['a count that is text', key, { counts: { error: '1' } }],
    ['a value that is not an object', key, [1]],
  ])('returns null when it reads %s', (_name, recordKey, value) => {
    expect(parseWindowRecord(json(recordKey), json(value))).toBeNull();
  });

  it('reads the lines that were not understood as earlier previews wrote them', () => {
    const first = { source: 'b/app.log', at: '0:0', text: 'odd' };
    const window = parseWindowRecord(
      json(key),
      json({ counts: {}, notUnderstood: [{ ...first, lines: 7, unparsed: 6 }] }),
    );
    expect(window?.notUnderstood).toEqual([{ ...first, unparsed: 6 }]);
  });

  it('throws nothing when it reads any bytes', () => {
    const any = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.oneof(any, fc.constant(json(key))), any, (recordKey, value) => {
        parseWindowRecord(recordKey, value);
      }),
    );
  });
});

describe('createWindowReader', () => {
  it('parses a record once, and each record for itself', () => {
    const read = createWindowReader();
    const [first, second] = [json({ counts: { error: 1 } }), json({ counts: { error: 2 } })];
    const window = read(json(key), first);
    expect(window).toEqual(parseWindowRecord(json(key), first));
    expect(read(json(key), first)).toBe(window);
    expect(read(json(key), second)?.counts.error).toBe(2);
    const broken = json([]);
    expect([read(json(key), broken), read(json(key), broken)]).toEqual([null, null]);
  });
});
