import fc from 'fast-check';
import { compilePattern } from '../../../src/generator/pattern';
import { createRandom } from '../../../src/generator/random';

describe('a string from a pattern', () => {
  it.each([
    '([a-c][e-g][0-3]|[A-Z][5-9][f-w]){5,15}',
    'abc',
    '',
    'a|bc|',
    '[abc]{3}',
    '[-a]{0,4}',
    '[a-]x',
    'x?y',
    '(a(b|c){2}){1,2}',
    '\\[\\]\\(\\)\\{\\}\\|\\.\\\\',
    '[\\]\\-\\\\]{5}',
    'ä🙂{2}',
  ])('matches it as a whole: %s', (source) => {
    const make = compilePattern(source);
    const whole = new RegExp(`^(?:${source})$`, 'u');
    const random = createRandom(1, 1);
    for (let i = 0; i < 200; i++) expect(make(random)).toMatch(whole);
  });

  it('uses every alternative, character and count about equally often', () => {
    const make = compilePattern('([ab]|x){1,3}');
    const random = createRandom(7, 1);
    const seen = { a: 0, b: 0, x: 0, 1: 0, 2: 0, 3: 0 };
    const rounds = 6_000;
    for (let i = 0; i < rounds; i++) {
      const made = make(random);
      seen[made.length as 1 | 2 | 3] += 1;
      for (const char of made) seen[char as 'a' | 'b' | 'x'] += 1;
    }
    // Two characters per string on average: half of them x, a quarter each a and b. Allows five standard deviations.
    const near = (value: number, share: number, of: number): void => {
      expect(Math.abs(value - share * of)).toBeLessThan(5 * Math.sqrt(of * share * (1 - share)));
    };
    const characters = seen.a + seen.b + seen.x;
    near(seen.x, 1 / 2, characters);
    near(seen.a, 1 / 4, characters);
    near(seen.b, 1 / 4, characters);
    for (const length of [1, 2, 3] as const) near(seen[length], 1 / 3, rounds);
  });

  test.each([
    ['a*', 'a count needs an end'],
    ['(ab)+', 'a count needs an end'],
    ['a{2,}', 'a count has to be {n} or {n,m}'],
    ['a{x}', 'a count has to be'],
    ['a{3', 'a count has to be'],
    ['a{3,2}', 'a count runs backwards'],
    ['(ab', 'a group is not closed'],
    ['ab)', 'there is no group to close'],
    ['(?:ab)', 'only plain groups'],
    ['[ab', 'ends too early'],
    ['[]', 'a class is empty'],
    ['[^a]', 'all other characters'],
    ['[c-a]', 'runs backwards'],
    ['a\\d', '"\\d" is not understood'],
    ['a\\', 'ends too early'],
    ['^ab', '"^" is not understood here'],
    ['a.b', '"." is not understood here'],
    ['{2}', '"{" is not understood here'],
    ['((a{1000}){1000}){1000}', 'characters, 65536 at most'],
  ])('is refused, with the reason, of %j', (source, problem) => {
    expect(() => compilePattern(source)).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error);
    expect(() => compilePattern(source)).toThrow(problem);
  });

  it('throws only CONFIG, and generates matching strings otherwise, for any pattern', () => {
    const source = fc.string({
      unit: fc.constantFrom('a', 'b', '(', ')', '[', ']', '|', '{2}', '{0,2}', '?', '\\', '-', '^'),
    });
    fc.assert(
      fc.property(source, fc.nat(), (pattern, seed) => {
        let make;
        try {
          make = compilePattern(pattern);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG' });
          return;
        }
        expect(make(createRandom(seed, 1))).toMatch(new RegExp(`^(?:${pattern})$`));
      }),
      { numRuns: 500 },
    );
  });
});
