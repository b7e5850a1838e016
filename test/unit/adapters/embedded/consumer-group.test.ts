import fc from 'fast-check';

import { spread } from '../../../../src/adapters/embedded/consumer-group';

describe('spread', () => {
  it('gives partitions to members in turn, in the order in which they joined', () => {
    expect(spread(5, 2)).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
  });

  it('assigns each partition once, and evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 10 }), (partitions, members) => {
        const shares = spread(partitions, members);
        expect(shares).toHaveLength(members);
        const given = shares.flat().sort((a, b) => a - b);
        expect(given).toEqual(Array.from({ length: partitions }, (_, i) => i));
        const sizes = shares.map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
