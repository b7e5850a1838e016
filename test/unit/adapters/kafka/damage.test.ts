import fc from 'fast-check';

import { offsetAfterDamage } from '../../../../src/adapters/kafka/damage';

describe('offsetAfterDamage', () => {
  it('finds the first readable batch after a damaged one, with gaps between batches', async () => {
    const sizes = fc.array(fc.record({ gap: fc.nat(3), length: fc.integer({ min: 1, max: 3_000 }) }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.nat(100), fc.integer({ min: 1, max: 3_000 }), sizes, async (at, length, later) => {
        const batches: { base: number; last: number }[] = [];
        let end = at + length;
        for (const { gap, length: its } of later) {
          batches.push({ base: end + gap, last: end + gap + its - 1 });
          end += gap + its;
        }
        const baseOf = (offset: number): Promise<number | null> =>
          Promise.resolve(offset < at + length ? null : (batches.find(({ last }) => last >= offset)?.base ?? null));
        expect(await offsetAfterDamage(at, end, baseOf)).toBe(batches[0]?.base ?? end);
      }),
    );
  });

  it('gives the end when nothing after it can be read', async () => {
    expect(await offsetAfterDamage(5, 5_000, () => Promise.resolve(null))).toBe(5_000);
  });
});
