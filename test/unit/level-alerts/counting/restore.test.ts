import { crc32c } from '@node-rs/crc32';
import { createCounting, type CountingState } from '../../../../src/pipelines/level-alerts/counting/counting';
import { encodeRecords } from '../../../../src/records/record-batch';
import { options } from './support';

const job = createCounting(options);
const head = Buffer.from(JSON.stringify({ v: 2, now: 1_000 }));
const windowKey = '{"origin":"web-1","windowStart":"2026-11-20T10:00:00.000Z"}';
const window = JSON.stringify({ counts: { error: 1, warn: 2, info: 3 } });
const origin = JSON.stringify({
  v: 1,
  since: 0,
  watermark: null,
  lastArrival: 5,
  arrival: 1,
  idle: false,
  evicted: [],
});

/** Restores records of a topic that begin at offset 7 of partition 2. */
function restored(topic: string, ...records: readonly (readonly [string | null, string | null])[]): CountingState {
  const state = job.open(head);
  const buffer = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  const batch = encodeRecords(
    records.map(([key, value], i) => ({
      ...{ key: buffer(key), value: buffer(value), headers: [], timestamp: 1_000 },
      offsetDelta: 7 + i,
    })),
    crc32c,
  );
  job.restore(state, { topic, partition: 2, from: 0, to: 100 }, batch, 0);
  return state;
}

const lines = (state: CountingState): number[] =>
  Array.from(state.windows, ({ byLevel }) => byLevel.reduce((sum, count) => sum + count, 0));

describe('counting, restored from its records', () => {
  it.each<[string, string, string | null, string]>([
    ['a window without counts', 'windows', windowKey, '{}'],
    ['a window that is not JSON', 'windows', windowKey, '\u0000'],
    ['a window without a key', 'windows', null, window],
    ['a window whose key has no time', 'windows', '{"origin":"web-1"}', window],
    ['an origin that is not JSON', 'counting-state', '{"origin":"web-1"}', '{"v":1,'],
    ['an origin without its last arrival', 'counting-state', '{"origin":"web-1"}', '{"v":1,"idle":false}'],
    ['an origin of a later version', 'counting-state', '{"origin":"web-1"}', origin.replace('"v":1', '"v":2')],
    ['an open error without a window', 'counting-state', '{"openErrorOf":"b/a"}', '{"v":1,"generation":0}'],
    ['a record of another kind', 'counting-state', '{"other":1}', '{}'],
  ])('refuses %s, and says where it is', (_, topic, key, value) => {
    const good = topic === 'windows' ? [windowKey, window] : ['{"origin":"web-1"}', origin];
    const all = [good as [string, string], [key, value] as const];
    expect(() => restored(topic, ...all)).toThrow(
      expect.objectContaining({
        code: 'RESET_NEEDED',
        message:
          `counting cannot read a record of its own state: topic "${topic}", partition 2, offset 8. Run the version of ` +
          'Telltale that wrote it. Run "telltale reset counting", with the --data, --config and --set of this program, to start over without it.',
      }) as Error,
    );
  });

  it('removes a window whose record is followed by its tombstone, so that its lines are not counted twice', () => {
    expect(lines(restored('windows', [windowKey, window]))).toEqual([6]);
    const state = restored('windows', [windowKey, window], [windowKey, null]);
    expect(lines(state)).toEqual([]);
    expect([...state.origins]).toEqual([]);
    expect(lines(restored('windows', [windowKey, window], [windowKey, null], [windowKey, window]))).toEqual([6]);
  });
});
