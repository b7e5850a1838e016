import { sequenceAfter } from '../../src/adapters/kafka/batches';

/**
 * Story: kafkajs 2.2.4 resets the sequence number of a partition to 0 once it exceeds 2^31 - 1, and drops the remainder. The
 * broker expects the remainder and refuses the batch as out of order: the writer never recovers after 2,147,483,647 lines.
 */
describe('sequenceAfter', () => {
  it.each([
    [0, 10, 10],
    [2 ** 31 - 11, 10, 2 ** 31 - 1],
    [2 ** 31 - 10, 10, 0],
    [2 ** 31 - 1, 1, 0],
    [2 ** 31 - 5, 10_000, 9_995],
  ])('continues from %d, %d records later, at %d', (sequence, records, next) => {
    expect(sequenceAfter(sequence, records)).toBe(next);
  });
});
