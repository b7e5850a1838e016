import { isTelltaleError } from '../../../src/errors';
import { zoneNamed } from '../../../src/lines/zones';

const wall = (text: string): number => Date.parse(`${text}Z`);

describe('zones', () => {
  it.each([
    ['UTC', '2021-10-17T12:00:00.5', '2021-10-17T12:00:00.500Z'],
    ['Europe/Berlin', '2021-10-17T12:00:00', '2021-10-17T10:00:00.000Z'],
    ['Europe/Berlin', '2021-12-17T12:00:00', '2021-12-17T11:00:00.000Z'],
    ['Asia/Kolkata', '2021-12-17T00:00:00', '2021-12-16T18:30:00.000Z'],
    ['America/New_York', '2021-11-06T23:59:59.999', '2021-11-07T03:59:59.999Z'],
    // Skipped: use the previous offset.
    ['Europe/Berlin', '2021-03-28T02:30:00', '2021-03-28T01:30:00.000Z'],
    ['Europe/Berlin', '2021-03-28T03:00:00', '2021-03-28T01:00:00.000Z'],
    ['Europe/Berlin', '2021-03-28T01:59:59', '2021-03-28T00:59:59.000Z'],
    // Ambiguous: use the earlier instant.
    ['Europe/Berlin', '2021-10-31T02:30:00', '2021-10-31T00:30:00.000Z'],
    ['Europe/Berlin', '2021-10-31T03:00:00', '2021-10-31T02:00:00.000Z'],
    // Half an hour of summer time.
    ['Australia/Lord_Howe', '2021-10-03T02:15:00', '2021-10-02T15:45:00.000Z'],
    ['Australia/Lord_Howe', '2021-10-03T02:30:00', '2021-10-02T15:30:00.000Z'],
  ])('%s at %s is %s', (name, local, expected) => {
    const zone = zoneNamed(name);
    expect(new Date(zone.toEpoch(wall(local))).toISOString()).toBe(expected);
    expect(new Date(zone.toEpoch(wall(local))).toISOString()).toBe(expected);
  });

  it('convert an instant to wall time', () => {
    expect(zoneNamed('Europe/Berlin').toWall(Date.parse('2021-07-01T23:30:00.250Z'))).toBe(
      wall('2021-07-02T01:30:00.250'),
    );
    expect(zoneNamed('UTC').toWall(5)).toBe(5);
  });

  it('throw CONFIG for an unknown name', () => {
    expect.assertions(1);
    try {
      zoneNamed('Europe/Atlantis');
    } catch (error) {
      expect(isTelltaleError(error, 'CONFIG')).toBe(true);
    }
  });
});
