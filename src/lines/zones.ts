import { TelltaleError } from '../errors';
import { dayMs } from './timestamps';

/** Converts wall times of a zone. A wall time is a number: epoch milliseconds as if the zone were UTC. */
export interface Zone {
  /** Ambiguous local times use the earlier instant; skipped ones, the previous offset. */
  toEpoch(wall: number): number;
  /** The later instant of an ambiguous local time; of all others, the only one. */
  toLaterEpoch(wall: number): number;
  toWall(epoch: number): number;
}

const utc: Zone = { toEpoch: (wall) => wall, toLaterEpoch: (wall) => wall, toWall: (epoch) => epoch };

/** Since 1972 every zone has changed its offset only at multiples of a quarter of an hour. */
const quarterMs = 15 * 60_000;

/** Maximum number of cached quarters, so that a hostile log cannot fill the memory. */
const maxRemembered = 10_000;

/**
 * Returns a zone by its IANA name.
 * @throws CONFIG when the name is unknown
 */
export function zoneNamed(name: string): Zone {
  if (name === 'UTC') return utc;
  const offsetAt = offsets(name);
  const byQuarter = new Map<number, WallOffsets>();
  const offsetsOf = (wall: number): WallOffsets => {
    const quarter = Math.floor(wall / quarterMs);
    let known = byQuarter.get(quarter);
    if (known === undefined) {
      known = offsetsOfWall(offsetAt, quarter * quarterMs);
      if (byQuarter.size >= maxRemembered) byQuarter.clear();
      byQuarter.set(quarter, known);
    }
    return known;
  };
  return {
    toEpoch: (wall) => wall - offsetsOf(wall).earlier,
    toLaterEpoch: (wall) => wall - offsetsOf(wall).later,
    toWall: (epoch) => epoch + offsetAt(epoch),
  };
}

/** Offsets of the instants of a wall time: the same unless it comes twice. */
interface WallOffsets {
  readonly earlier: number;
  readonly later: number;
}

/** Like `Temporal` with disambiguation `compatible`, and `later`. */
function offsetsOfWall(offsetAt: (epoch: number) => number, wall: number): WallOffsets {
  const before = offsetAt(wall - dayMs);
  const after = offsetAt(wall + dayMs);
  const isBefore = offsetAt(wall - before) === before;
  const isAfter = offsetAt(wall - after) === after;
  const earlier = isBefore || !isAfter ? before : after;
  return { earlier, later: isAfter ? after : earlier };
}

/** Lines of several threads may be this much out of order, and a clock this much ahead of the upload's. */
const disorderMs = 2 * 60_000;

/** A `Date` and the zones' rules know no time that is further away from the epoch. */
const maxWallMs = 8.64e15 - 2 * dayMs;

/**
 * The instant of a wall time; NaN for a wall time that no calendar has, such as that of 31 April. A wall time that comes twice is meant the second time when it goes back: when the first
 * instant is before the timestamp above, but the second one continues it and is not after the upload.
 * @param previous instant of the timestamp above, by which every split into uploads gives the same result; NaN if none
 * @param uploaded instant of the upload
 */
export function instantOf(zone: Zone, wall: number, previous: number, uploaded: number): number {
  if (!(Math.abs(wall) < maxWallMs)) return Number.NaN;
  const first = zone.toEpoch(wall);
  // NaN is not greater.
  if (!(previous - first > disorderMs)) return first;
  const second = zone.toLaterEpoch(wall);
  const continues = previous - second <= second - first;
  return continues && second <= uploaded + disorderMs ? second : first;
}

/** The latest wall time that a clock of the zone has shown up to an instant: it may have been set back since. */
export function latestWall(zone: Zone, epoch: number): number {
  const wall = zone.toWall(epoch);
  return wall + (epoch - zone.toEpoch(wall));
}

/** The zone's offset from UTC in milliseconds, by epoch milliseconds. */
function offsets(name: string): (epoch: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new TelltaleError('CONFIG', `Unknown time zone "${name}". Use an IANA name such as Europe/Berlin.`, {
      cause,
    });
  }
  return (epoch) => {
    const parts = new Map(format.formatToParts(epoch).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return wall - Math.floor(epoch / 1000) * 1000;
  };
}
