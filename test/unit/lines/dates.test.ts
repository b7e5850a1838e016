import { fittingReading } from '../../../src/lines/dates';

const day = (date: string): number => Date.parse(date);

describe('the fitting reading of an ambiguous date', () => {
  it.each([
    ['2026-04-03', '2026-03-04', '2026-04-03', '2026-04-03'],
    ['2026-04-03', '2026-03-04', '2026-04-02', '2026-03-04'],
    ['2026-04-03', '2026-03-04', '2026-01-01', '2026-03-04'],
    ['not a date', '2026-03-04', '2026-01-01', '2026-03-04'],
    ['2026-03-04', 'not a date', '2026-05-01', '2026-03-04'],
  ])('of %s and %s, uploaded on %s, is %s', (a, b, latest, expected) => {
    expect(fittingReading(day(a), day(b), day(latest))).toBe(day(expected));
    expect(fittingReading(day(b), day(a), day(latest))).toBe(day(expected));
  });

  it('is NaN when neither is a date', () => {
    expect(fittingReading(Number.NaN, Number.NaN, 0)).toBeNaN();
  });
});
