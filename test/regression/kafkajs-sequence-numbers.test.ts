import { sequenceAfter } from '../../src/adapters/kafka/batches';

/**
 * Story: kafkajs 2.2.4 sets the sequence number of a partition to 0 once it passes 2^31 - 1, whatever is left over. The
 * broker expects the rest, refuses the batch as out of order, and the writer never recovers: after 2,147,483,647 lines.
 */
describe('sequence numbers', () => {
  it.each([
    [0, 10, 10],
    [2 ** 31 - 11, 10, 2 ** 31 - 1],
    [2 ** 31 - 10, 10, 0],
    [2 ** 31 - 1, 1, 0],
    [2 ** 31 - 5, 10_000, 9_995],
  ])('go on from %d, %d records later, at %d', (sequence, records, next) => {
    expect(sequenceAfter(sequence, records)).toBe(next);
  });
});
