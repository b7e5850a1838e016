import { follow } from '../../../../src/adapters/embedded/retention-clock';

const DAY = 24 * 60 * 60 * 1000;

describe('the clock of retention', () => {
  it.each<[string, { time: number; aheadSince: number | null }, number, { time: number; aheadSince: number | null }]>([
    ['follows the machine', { time: 0, aheadSince: null }, 2 * DAY, { time: 2 * DAY, aheadSince: null }],
    ['stays at a jump', { time: 0, aheadSince: null }, 3 * DAY, { time: 0, aheadSince: 3 * DAY }],
    ['stays for a day', { time: 0, aheadSince: 3 * DAY }, 4 * DAY - 1, { time: 0, aheadSince: 3 * DAY }],
    ['follows after a day', { time: 0, aheadSince: 3 * DAY }, 4 * DAY, { time: 4 * DAY, aheadSince: null }],
    ['goes back with the machine', { time: 9 * DAY, aheadSince: null }, DAY, { time: DAY, aheadSince: null }],
    ['ends a jump when the machine goes back', { time: 0, aheadSince: 9 * DAY }, DAY, { time: DAY, aheadSince: null }],
    [
      'begins a jump again when it is another',
      { time: 0, aheadSince: 9 * DAY },
      5 * DAY,
      { time: 0, aheadSince: 5 * DAY },
    ],
  ])('%s', (_, clock, now, expected) => {
    expect(follow(clock, now)).toEqual(expected);
  });
});
