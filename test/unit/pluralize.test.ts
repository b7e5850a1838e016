import fc from 'fast-check';
import { formatCount } from '../../src/pluralize';

describe('formatCount', () => {
  it('writes numbers as Intl does in American English', () => {
    const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const tenths = fc.integer({ min: 0, max: 1e12 }).map((count) => count / 10);
    fc.assert(
      fc.property(fc.oneof(whole, tenths), (count) => {
        expect(formatCount(count)).toBe(count.toLocaleString('en-US'));
      }),
      { examples: [[0], [999], [1000], [1_234_567], [0.5], [1234.5], [2 / 3], [93_805_112_530_033]] },
    );
  });
});
