import { signalTaker } from '../../../src/apps/signal-taker';
import type { ObjectSignal, Signal } from '../../../src/ingestion/signal/signal';

function taker(): {
  readonly take: (signal: Signal) => string;
  readonly arrived: ObjectSignal[];
  readonly refused: unknown[];
  readonly listings: number[];
} {
  const arrived: ObjectSignal[] = [];
  const refused: unknown[] = [];
  const listings: number[] = [];
  const take = signalTaker({
    bucket: 'logs-of-us',
    includes: (key) => key.startsWith('logs/') && !key.endsWith('.tmp'),
    trace: (decision, { reason, source }) => void refused.push([decision, reason, source]),
    arrived: (signal) => void arrived.push(signal),
    list: () => void listings.push(1),
  });
  return { take, arrived, refused, listings };
}

describe('taking signals', () => {
  it('takes one object with its version', () => {
    const { take, arrived } = taker();
    const signal = { v: 1, bucket: 'logs-of-us', key: 'logs/a', versionId: 'x', reingest: 'mark' } as const;
    expect(take(signal)).toBe('accepted');
    expect(arrived).toEqual([signal]);
  });

  it('takes the keys of a batch that are read, and reports the others', () => {
    const { take, arrived, refused } = taker();
    const answer = take({ v: 2, bucket: 'logs-of-us', keys: ['logs/a', 'other/b', 'logs/c.tmp', 'logs/d'] });
    expect(answer).toBe('accepted 2 of 4 keys');
    expect(arrived).toEqual([
      { v: 1, bucket: 'logs-of-us', key: 'logs/a' },
      { v: 1, bucket: 'logs-of-us', key: 'logs/d' },
    ]);
    expect(refused).toEqual([
      ['signalRefused', 'excluded', 'logs-of-us/other/b'],
      ['signalRefused', 'excluded', 'logs-of-us/logs/c.tmp'],
    ]);
  });

  it('lists the bucket when it is asked to', () => {
    const { take, listings } = taker();
    expect(take({ v: 2, bucket: 'logs-of-us', list: true })).toBe('the bucket is listed');
    expect(listings).toHaveLength(1);
  });

  it.each<[Signal, string, string]>([
    [{ v: 1, bucket: 'logs-of-us', key: 'other/a' }, 'does not read "logs-of-us/other/a"', 'excluded'],
    [{ v: 1, bucket: 'other', key: 'logs/a' }, 'the signal names "other/logs/a"', 'other-bucket'],
    [{ v: 2, bucket: 'other', keys: ['logs/a'] }, 'the signal names "other"', 'other-bucket'],
    [{ v: 2, bucket: 'other', list: true }, 'the signal names "other"', 'other-bucket'],
  ])('refuses %j', (signal, message, reason) => {
    const { take, arrived, listings, refused } = taker();
    expect(() => take(signal)).toThrow(message);
    expect([arrived, listings]).toEqual([[], []]);
    expect(refused).toMatchObject([['signalRefused', reason, expect.any(String)]]);
  });
});
