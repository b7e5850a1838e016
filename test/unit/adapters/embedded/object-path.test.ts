import fc from 'fast-check';

import { checkBucket, decodeName, encodeKey } from '../../../../src/adapters/embedded/object-path';

/** A key read back from the names of its folders and file. */
function decodeNames(names: readonly string[]): string {
  return names.reduce((key, name, i) => {
    const { text, continued } = decodeName(name);
    const isLast = i === names.length - 1;
    return key + text + (continued || isLast ? '' : '/');
  }, '');
}

const hostileCharacter = fc.constantFrom(
  'a',
  '/',
  '.',
  '%',
  '\0',
  '\n',
  '+',
  '-',
  '2',
  'E',
  'f',
  'ü',
  '😀',
  'file',
  '..',
);
const anyKey = fc
  .oneof(fc.string({ unit: hostileCharacter, maxLength: 400 }), fc.string({ unit: 'grapheme', maxLength: 100 }))
  .filter((key) => key !== '' && Buffer.byteLength(key) <= 1024 && Buffer.from(key).toString() === key);

describe('The path of an object', () => {
  it.each([
    ['logs/host-1/app.2026-11-20.log', ['logs', 'host-1', 'app.2026-11-20.log']],
    ['../x', ['%2E%2E', 'x']],
    ['./x', ['%2E', 'x']],
    ['...', ['...']],
    ['/x', ['%-', 'x']],
    ['x/', ['x', '%-']],
    ['100%', ['100%25']],
    ['a\0b', ['a%00b']],
    ['ü 😀', ['ü 😀']],
    ['x'.repeat(300), [`${'x'.repeat(240)}%+`, 'x'.repeat(60)]],
  ])('of %j is what one would expect', (key, names) => {
    expect(encodeKey(key)).toEqual(names);
  });

  it('leads back to its key, and is never longer than a file name or up from its folder', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const names = encodeKey(key);
        expect(decodeNames(names)).toBe(key);
        for (const name of names) {
          expect(['', '.', '..']).not.toContain(name);
          expect(name).not.toContain('/');
          expect(name).not.toContain('\0');
          expect(name.endsWith('%file')).toBe(false);
          expect(Buffer.byteLength(`${name}%file`)).toBeLessThanOrEqual(255);
        }
      }),
    );
  });

  it('is refused for half a surrogate pair, which has no UTF-8', () => {
    expect(() => encodeKey('x\ud800')).toThrow(/not valid Unicode/);
  });

  it.each(['..', '../x', 'a/b', 'UPPER', 'ab', 'a..b', '.ab', 'x'.repeat(64), ''])('has no bucket %j', (bucket) => {
    expect(() => checkBucket(bucket)).toThrow(/is not a valid bucket name/);
  });
});
