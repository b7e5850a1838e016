import { committedBatches } from '../../src/adapters/kafka/batches';
import { decodeBatch } from '../../src/records/record-batch';
import { dataBatch, markerBatch } from '../support/kafka-batches';

/**
 * Story: with kafkajs 2.2.4 a read_committed consumer is handed records of aborted transactions. Its filter walks the
 * list of aborted transactions in the order in which the broker sends it, as if that were the order of their first
 * offsets; the broker sends it in the order in which they ended. With two transactional producers in one partition the
 * filter waits for the later transaction before it looks for the earlier one. And it takes any record whose key is four
 * zero bytes for an abort marker. Telltale leaves kafkajs out of it: it reads record batches, and filters them itself.
 */
describe('aborted records', () => {
  const [one, two, three] = [1n, 2n, 3n];

  const valuesOf = (records: readonly Buffer[], aborted: readonly [bigint, number][]): string[] =>
    committedBatches(
      Buffer.concat(records),
      aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset })),
    ).batches.flatMap((batch) => decodeBatch(batch).map(({ value }) => value?.toString() ?? ''));

  it('are left out when their transaction began first and ended last', () => {
    const records = [
      dataBatch(0, one, null, 'aborted 1'),
      dataBatch(1, two, null, 'aborted 2'),
      dataBatch(2, three, null, 'committed'),
      markerBatch(3, two, 'abort'),
      dataBatch(4, one, null, 'aborted 1'),
      markerBatch(5, three, 'commit'),
      markerBatch(6, one, 'abort'),
    ];
    expect(
      valuesOf(records, [
        [two, 1],
        [one, 0],
      ]),
    ).toEqual(['committed']);
  });

  it('are left out behind a record whose key is four zero bytes', () => {
    const records = [
      dataBatch(0, one, Buffer.alloc(4), 'aborted'),
      dataBatch(1, one, null, 'aborted'),
      markerBatch(2, one, 'abort'),
    ];
    expect(valuesOf(records, [[one, 0]])).toEqual([]);
  });

  it('say nothing of what the same producer commits behind them', () => {
    const records = [
      dataBatch(0, one, null, 'aborted'),
      markerBatch(1, one, 'abort'),
      dataBatch(2, one, null, 'committed'),
      markerBatch(3, one, 'commit'),
      dataBatch(4, one, null, 'aborted'),
      markerBatch(5, one, 'abort'),
    ];
    expect(
      valuesOf(records, [
        [one, 0],
        [one, 4],
      ]),
    ).toEqual(['committed']);
  });

  it('are left out when the fetch begins in the middle of their transaction', () => {
    const records = [dataBatch(10, one, null, 'aborted'), dataBatch(11, two, null, 'committed')];
    expect(valuesOf(records, [[one, 3]])).toEqual(['committed']);
  });
});
