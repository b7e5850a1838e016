import fc from 'fast-check';
import { partitionOf } from '../../../src/ingestion/origin';
import { checkPlacement } from '../../../src/ingestion/placement';

function placedWith(count: number, origins: readonly string[]): [string, number][] {
  return origins.map((origin) => [origin, partitionOf(origin, count)]);
}

describe('checkPlacement', () => {
  const hosts = Array.from({ length: 12 }, (_, i) => `web-${i}`);

  it('accepts data that was written with the present number of partitions', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 100 }), (origins, count) => {
        checkPlacement(placedWith(count, origins), count);
      }),
    );
  });

  it('names the former number of partitions', () => {
    expect(() => checkPlacement(placedWith(10, hosts), 12)).toThrow(
      /^Partitions were added to topics that hold data: with 12 partitions, the checkpoints of \d+ of 12 hosts are in another place, such as those of "web-\d+" in partition \d\. Their files would be read again\. Set eventLog\.partitions to 10: the added partitions stay empty\.$/,
    );
  });

  it('refuses data of two numbers of partitions', () => {
    const mixed = [...placedWith(10, hosts), ...placedWith(12, hosts)];
    expect(() => checkPlacement(mixed, 12)).toThrow('Lines may be repeated already: create all topics again');
  });

  it('never accepts an origin in another place, and advises a number that it accepts', () => {
    const numbers = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), numbers, (origins, [former, added]) => {
        const placed = placedWith(former, origins);
        const hasMoved = placed.some(([origin, partition]) => partitionOf(origin, former + added) !== partition);
        let message = '';
        try {
          checkPlacement(placed, former + added);
        } catch (error) {
          message = String(error);
        }
        expect(message !== '').toBe(hasMoved);
        const advised = /Set eventLog.partitions to (\d+)/.exec(message)?.[1];
        expect(advised === undefined).toBe(!hasMoved);
        if (advised !== undefined) checkPlacement(placed, Number(advised));
      }),
    );
  });
});
