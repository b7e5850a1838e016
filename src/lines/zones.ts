import { TelltaleError } from '../errors';
import { dayMs } from './timestamps';

/** Converts wall times of a zone. A wall time is a number: epoch milliseconds as if the zone were UTC. */
export interface Zone {
  /** Ambiguous local times use the earlier instant; skipped ones, the previous offset. */
  toEpoch(wall: number): number;
  toWall(epoch: number): number;
}

const utc: Zone = { toEpoch: (wall) => wall, toWall: (epoch) => epoch };

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
  const byQuarter = new Map<number, number>();
  return {
    toEpoch(wall) {
      const quarter = Math.floor(wall / quarterMs);
      let offset = byQuarter.get(quarter);
      if (offset === undefined) {
        offset = offsetOfWall(offsetAt, quarter * quarterMs);
        if (byQuarter.size >= maxRemembered) byQuarter.clear();
        byQuarter.set(quarter, offset);
      }
      return wall - offset;
    },
    toWall: (epoch) => epoch + offsetAt(epoch),
  };
}

/** Like `Temporal` with disambiguation `compatible`. */
function offsetOfWall(offsetAt: (epoch: number) => number, wall: number): number {
  const before = offsetAt(wall - dayMs);
  if (offsetAt(wall - before) === before) return before;
  const after = offsetAt(wall + dayMs);
  return offsetAt(wall - after) === after ? after : before;
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
