import fc from 'fast-check';
import { ByteCursor, varintSize, writeVarint } from '../../../src/records/varints';

function written(value: number): Buffer {
  const out = Buffer.alloc(12, 0xee);
  const end = writeVarint(out, 1, value);
  expect(out.subarray(end).every((byte) => byte === 0xee)).toBe(true);
  expect(out[0]).toBe(0xee);
  return out.subarray(1, end);
}

const read = (bytes: Buffer, end = bytes.length): number => new ByteCursor(bytes, 0, end).varint();

describe('a variable-length integer', () => {
  it.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [8191, 'fe7f'],
    [-8192, 'ff7f'],
    [8192, '808001'],
    [-8193, '818001'],
    [300, 'd804'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
    [2 ** 53 - 1, 'feffffffffffff1f'],
    [2 ** 52, '8080808080808010'],
    // Zigzag needs 54 bits for these.
    [-(2 ** 52) - 1, '8180808080808010'],
    [-(2 ** 53) + 1, 'fdffffffffffff1f'],
    [-(2 ** 53), 'ffffffffffffff1f'],
  ])('of %d is %s', (value, hex) => {
    expect(written(value).toString('hex')).toBe(hex);
    expect(varintSize(value)).toBe(hex.length / 2);
    expect(read(Buffer.from(hex, 'hex'))).toBe(value);
  });

  it('reads back any value, and its size is known', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = written(value);
        expect([read(bytes), bytes.length]).toEqual([value, varintSize(value)]);
      }),
    );
  });

  it.each([
    ['', 'a number is cut off'],
    ['80', 'a number is cut off'],
    ['ffffff', 'a number is cut off'],
    ['8080808080808020', 'a number is longer than 53 bits'],
    ['8180808080808020', 'a number is longer than 53 bits'],
    ['808080808080808001', 'a number is longer than 53 bits'],
    ['80808080808080808000', 'a number is longer than 53 bits'],
    ['ffffffffffffffffff01', 'a number is longer than 53 bits'],
  ])('is refused as %j', (hex, reason) => {
    expect(() => read(Buffer.from(hex, 'hex'))).toThrow(`Record batch is corrupt: ${reason}.`);
  });

  it('never reads beyond the end', () => {
    expect(() => read(Buffer.from('02', 'hex'), 0)).toThrow('a number is cut off');
    expect(() => read(Buffer.from('8001', 'hex'), 1)).toThrow('a number is cut off');
    expect(read(Buffer.from('8001', 'hex'), 2)).toBe(64);
  });
});

describe('ByteCursor', () => {
  it('stands after what it has read or skipped', () => {
    const cursor = new ByteCursor(Buffer.from('80010203', 'hex'), 0, 4);
    cursor.varint();
    expect(cursor.pos).toBe(2);
    cursor.varint();
    expect(cursor.pos).toBe(3);
    cursor.skip(1);
    cursor.skip(0);
    expect(cursor.pos).toBe(4);
  });

  it.each([-1, 3, 2 ** 40])('does not skip %d of 2 bytes', (length) => {
    const cursor = new ByteCursor(Buffer.alloc(9), 1, 3);
    expect(() => cursor.skip(length)).toThrow('Record batch is corrupt: a field reaches beyond its record.');
    expect(cursor.pos).toBe(1);
  });
});
