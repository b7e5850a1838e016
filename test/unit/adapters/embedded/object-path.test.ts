import fc from 'fast-check';

import { checkBucket, decodeName, encodeKey } from '../../../../src/adapters/embedded/object-path';

/** Decodes a key from the names of its folders and file. */
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

describe('the path of an object', () => {
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
  ])('for %j is as expected', (key, names) => {
    expect(encodeKey(key)).toEqual(names);
  });

  it('decodes to its key, never exceeds a file name, and never leaves its folder', () => {
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

  it('is refused for half a surrogate pair, which UTF-8 cannot encode', () => {
    expect(() => encodeKey('x\ud800')).toThrow(/not valid Unicode/);
  });

  it.each(['..', '../x', 'a/b', 'UPPER', 'ab', 'a..b', '.ab', 'x'.repeat(64), ''])(
    'refuses the bucket name %j',
    (bucket) => {
      expect(() => checkBucket(bucket)).toThrow(/is not a valid bucket name/);
    },
  );
});
