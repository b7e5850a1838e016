import fc from 'fast-check';
import { escapeControls } from '../../src/escape-controls';

describe('escapeControls', () => {
  it.each([
    ['a terminal escape', '\u001b[2J', '\\u001b[2J'],
    ['a bidi override', 'a\u202eb', 'a\\u202eb'],
    ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
    ['a line separator', '\u2028', '\\u2028'],
    ['a tag of an upper plane', '\u{e0041}', '\\udb40\\udc41'],
    ['half of a surrogate pair', '\ud83d', '\\ud83d'],
    ['no letter and no emoji', 'é 日本 😀', 'é 日本 😀'],
  ])('escapes %s', (_, text, expected) => {
    expect(escapeControls(text)).toBe(expected);
  });

  it('leaves the meaning of JSON as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = escapeControls(JSON.stringify(text));
        expect(JSON.parse(line)).toBe(text);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
