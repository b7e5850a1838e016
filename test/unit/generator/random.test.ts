import { createRandom } from '../../../src/generator/random';

const draw = (seed: number, stream: number, n: number): number[] => {
  const random = createRandom(seed, stream);
  return Array.from({ length: n }, () => random.fraction());
};

describe('pseudo-random numbers', () => {
  it('are the same for the same seed and stream, and different otherwise', () => {
    const numbers = draw(5, 1, 20);
    expect(draw(5, 1, 20)).toEqual(numbers);
    for (const other of [draw(6, 1, 20), draw(5, 2, 20), draw(5 + 2 ** 40, 1, 20)]) {
      expect(numbers.filter((number) => other.includes(number))).toEqual([]);
    }
  });

  it('are uniform in [0, 1)', () => {
    const numbers = draw(42, 3, 20_000);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / numbers.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.0106); // five standard deviations
    }
  });

  it('are whole numbers between both bounds, inclusive', () => {
    const random = createRandom(1, 1);
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(-1, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3]);
    expect(random.integer(7, 7)).toBe(7);
  });
});
