import { LineHash } from '../../../../src/lines/repeats/line-hash';

function hashOf(bytes: Buffer, start = 0, end = bytes.length): [number, number] {
  const hash = new LineHash();
  hash.over(bytes);
  hash.hash(start, end);
  return [hash.a >>> 0, hash.b >>> 0];
}

describe('LineHash', () => {
  // Stored sketches hold hashes: a line must have the same hash in every version.
  it.each<[string, number, number]>([
    ['', 2872998923, 2872998923],
    ['a', 3843965891, 259101205],
    ['1234567', 762262454, 2127547116],
    ['12345678', 1939309958, 4148756275],
    ['123456789', 4124202502, 1501248451],
    ['2026-01-02 10:00:00,123 INFO shop - started', 3117311481, 2035097318],
    ['é', 617817005, 1042078374],
    ['\0\0\0\0\0\0\0\0\0', 940682624, 2826539967],
    ['ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ', 3944315031, 1560496076],
  ])('hashes the Latin-1 bytes of %j as stored sketches do', (text, a, b) => {
    expect(hashOf(Buffer.from(text, 'latin1'))).toEqual([a, b]);
  });

  it('hashes a line alike wherever it lies in the bytes', () => {
    const line = Buffer.from('2026-01-02 10:00:00,123 INFO shop - started');
    for (let before = 0; before < 9; before++) {
      const bytes = Buffer.concat([Buffer.alloc(before, 120), line, Buffer.alloc(9, 120)]);
      expect(hashOf(bytes, before, before + line.length)).toEqual(hashOf(line));
      expect(hashOf(bytes.subarray(before), 0, line.length)).toEqual(hashOf(line));
    }
  });
});
