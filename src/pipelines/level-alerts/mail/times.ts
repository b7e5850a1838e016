/** Times and durations for readers. Input times are ISO 8601, durations milliseconds. */

/** The IANA time zone of a reader, shown beside UTC. */
export type Zone = string;

/** `10:05`, or `10:05:30` if the seconds are not 0; UTC. */
export function clockTime(time: string): string {
  return inZone(time, 'UTC').clock;
}

/** `10:05` for a time in a span of one day, else `2026-11-20 10:05`; UTC. */
export function timeWithin(time: string, from: string, to: string): string {
  const { day, clock } = inZone(time, 'UTC');
  return inZone(from, 'UTC').day === inZone(to, 'UTC').day ? clock : `${day} ${clock}`;
}

/** `10:05–10:10`, or with days where they differ; UTC. */
export function shortSpan(from: string, to: string): string {
  const [first, last] = [inZone(from, 'UTC'), inZone(to, 'UTC')];
  if (first.day === last.day) return `${first.clock}–${last.clock}`;
  return `${first.day} ${first.clock} – ${last.day} ${last.clock}`;
}

/** `2026-11-20 10:05–10:10 UTC (11:05–11:10 Europe/Berlin)`: beside UTC in the reader's zone where that differs. */
export function fullSpan(from: string, to: string, zone: Zone): string {
  return inBoth(from, zone, (each) => {
    const [first, last] = [inZone(from, each), inZone(to, each)];
    if (first.day !== last.day) return `${first.clock} – ${last.day} ${last.clock}`;
    // Where clocks are set back or forward in between, the two times alone do not tell how long it took.
    const [before, after] = [offsetIn(from, each), offsetIn(to, each)];
    if (before === after) return `${first.clock}–${last.clock}`;
    return `${first.clock} ${before} – ${last.clock} ${after}`;
  });
}

/** `2026-11-20 10:05 UTC (11:05 Europe/Berlin)` */
export function fullTime(time: string, zone: Zone): string {
  return inBoth(time, zone, (each) => inZone(time, each).clock);
}

/** `1 min`, `90 s`, `4 h`. */
export function lengthOf(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

/** @param start the first time of the text: its day appears once, or twice if the day differs in the reader's zone */
function inBoth(start: string, zone: Zone, say: (zone: Zone) => string): string {
  const { day } = inZone(start, 'UTC');
  const utc = `${day} ${say('UTC')} UTC`;
  if (!isKnown(zone) || say(zone) === say('UTC')) return utc;
  const there = inZone(start, zone).day;
  return `${utc} (${there === day ? '' : `${there} `}${say(zone)} ${zone})`;
}

/** A mail must not fail for a zone that this machine does not know: it then shows UTC only. */
function isKnown(zone: Zone): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** `UTC+02:00` */
function offsetIn(time: string, timeZone: Zone): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(
    new Date(time),
  );
  return (parts.find(({ type }) => type === 'timeZoneName')?.value ?? '').replace('GMT', 'UTC');
}

function inZone(time: string, timeZone: Zone): { day: string; clock: string } {
  if (timeZone === 'UTC') {
    const [day = '', clock = ''] = new Date(time).toISOString().split('T');
    return { day, clock: clock.slice(0, clock.slice(6, 8) === '00' ? 5 : 8) };
  }
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(new Date(time));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((each) => each.type === type)?.value ?? '';
  const seconds = part('second') === '00' ? '' : `:${part('second')}`;
  return {
    day: `${part('year')}-${part('month')}-${part('day')}`,
    clock: `${part('hour')}:${part('minute')}${seconds}`,
  };
}
