import { fullSpan, fullTime, lengthOf, shortSpan, timeWithin } from '../../../../src/pipelines/level-alerts/mail/times';

describe('times', () => {
  it.each([
    ['2026-11-20T10:05:00Z', '2026-11-20T10:10:00Z', 'UTC', '2026-11-20 10:05–10:10 UTC'],
    ['2026-11-20T10:05:00Z', '2026-11-20T10:05:30Z', 'Etc/UTC', '2026-11-20 10:05–10:05:30 UTC'],
    [
      '2026-11-20T10:05:00Z',
      '2026-11-20T10:10:00Z',
      'Europe/Berlin',
      '2026-11-20 10:05–10:10 UTC (11:05–11:10 Europe/Berlin)',
    ],
    ['2026-11-20T23:58:00Z', '2026-11-21T00:02:00Z', 'UTC', '2026-11-20 23:58 – 2026-11-21 00:02 UTC'],
    [
      '2026-11-20T23:30:00Z',
      '2026-11-20T23:40:00Z',
      'Asia/Kolkata',
      '2026-11-20 23:30–23:40 UTC (2026-11-21 05:00–05:10 Asia/Kolkata)',
    ],
    ['2026-11-20T10:05:00Z', '2026-11-20T10:10:00Z', 'Mars/Olympus', '2026-11-20 10:05–10:10 UTC'],
  ])('formats %s to %s in %s', (from, to, zone, said) => expect(fullSpan(from, to, zone)).toBe(said));

  it('formats a time in both zones, midnight as 00', () => {
    expect(fullTime('2026-07-01T22:00:00Z', 'Europe/Berlin')).toBe(
      '2026-07-01 22:00 UTC (2026-07-02 00:00 Europe/Berlin)',
    );
  });

  it('includes days only when a span has several', () => {
    expect(shortSpan('2026-11-20T10:05:00Z', '2026-11-20T10:10:00Z')).toBe('10:05–10:10');
    expect(timeWithin('2026-11-20T10:07:00Z', '2026-11-20T10:05:00Z', '2026-11-20T10:10:00Z')).toBe('10:07');
    expect(timeWithin('2026-11-20T10:07:00Z', '2026-11-20T10:05:00Z', '2026-11-21T10:10:00Z')).toBe('2026-11-20 10:07');
  });

  it.each([
    [60_000, '1 min'],
    [30_000, '30 s'],
    [90_000, '90 s'],
    [300_000, '5 min'],
    [14_400_000, '4 h'],
  ])('formats %i ms as %s', (milliseconds, said) => expect(lengthOf(milliseconds)).toBe(said));
});
