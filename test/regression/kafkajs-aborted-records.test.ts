import { committedBatches } from '../../src/adapters/kafka/batches';
import { decodeBatch } from '../../src/records/record-batch';
import { dataBatch, markerBatch } from '../support/kafka-batches';

/**
 * Story: kafkajs 2.2.4 hands records of aborted transactions to a read_committed consumer. Its filter assumes that the list of
 * aborted transactions is sorted by first offset; the broker sorts it by end. With two transactional producers in one
 * partition, the filter waits for the later transaction before it looks for the earlier one. It also takes any record whose
 * key is four zero bytes for an abort marker. Telltale therefore reads record batches and filters them itself.
 */
describe('committedBatches, given aborted records', () => {
  const [one, two, three] = [1n, 2n, 3n];

  const valuesOf = async (records: readonly Buffer[], aborted: readonly [bigint, number][]): Promise<string[]> => {
    const began = aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset }));
    const { batches } = await committedBatches(Buffer.concat(records), began, 0);
    return batches.flatMap((batch) => decodeBatch(batch).map(({ value }) => value?.toString() ?? ''));
  };

  it('leaves them out when their transaction began first and ended last', async () => {
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
      await valuesOf(records, [
        [two, 1],
        [one, 0],
      ]),
    ).toEqual(['committed']);
  });

  it('leaves them out after a record whose key is four zero bytes', async () => {
    const records = [
      dataBatch(0, one, Buffer.alloc(4), 'aborted'),
      dataBatch(1, one, null, 'aborted'),
      markerBatch(2, one, 'abort'),
    ];
    expect(await valuesOf(records, [[one, 0]])).toEqual([]);
  });

  it('returns records that the same producer commits after them', async () => {
    const records = [
      dataBatch(0, one, null, 'aborted'),
      markerBatch(1, one, 'abort'),
      dataBatch(2, one, null, 'committed'),
      markerBatch(3, one, 'commit'),
      dataBatch(4, one, null, 'aborted'),
      markerBatch(5, one, 'abort'),
    ];
    expect(
      await valuesOf(records, [
        [one, 0],
        [one, 4],
      ]),
    ).toEqual(['committed']);
  });

  it('leaves them out when the fetch begins in the middle of their transaction', async () => {
    const records = [dataBatch(10, one, null, 'aborted'), dataBatch(11, two, null, 'committed')];
    expect(await valuesOf(records, [[one, 3]])).toEqual(['committed']);
  });
});
