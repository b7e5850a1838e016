import { zoneNamed } from '../../../lines/zones';

/** Times of the week, as routes name them: days such as `mon-fri`, and hours such as `09:00-17:00`. Pure. */

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const dayMs = 24 * 60 * 60_000;
const minuteMs = 60_000;

/** A part of a day in minutes: [from, to). It goes over midnight when `to` is smaller. */
interface Hours {
  readonly from: number;
  readonly to: number;
}

/** `mon`, or `mon-fri`, also over the end of the week: the numbers of its days, Monday is 0. Null for another text. */
export function daysIn(text: string): readonly number[] | null {
  const [, first = '', last = first] = /^([a-z]{3})(?:-([a-z]{3}))?$/.exec(text) ?? [];
  const [from, to] = [first, last].map((name) => weekdays.findIndex((day) => day === name));
  if (from === undefined || to === undefined || from < 0 || to < 0) return null;
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, i) => (from + i) % 7);
}

/** `09:00-17:00`, or `22:00-06:00` over midnight; `24:00` is the end of a day. Null for another text. */
export function hoursIn(text: string): Hours | null {
  const [, ...digits] = /^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? [];
  const [fromHour = NaN, fromMinute = NaN, toHour = NaN, toMinute = NaN] = digits.map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  return from < 24 * 60 && to <= 24 * 60 && from !== to ? { from, to } : null;
}

export interface WeekTimes {
  /** Null: every day. */
  readonly days: readonly string[] | null;
  /** Null: the whole day. */
  readonly hours: readonly string[] | null;
}

/**
 * True when the clock on a wall in the zone shows one of these times. Hours over midnight belong to the day on which they
 * begin. On the days on which the clock changes, a skipped time never comes, and a repeated one comes twice.
 * @param at epoch milliseconds
 */
export function isWithin({ days, hours }: WeekTimes, zone: string, at: number): boolean {
  const wall = zoneNamed(zone).toWall(at);
  const day = Math.floor(wall / dayMs);
  const minute = Math.floor((wall - day * dayMs) / minuteMs);
  const known = new Set((days ?? weekdays).flatMap((text) => daysIn(text) ?? []));
  const isDay = (each: number): boolean => known.has(weekdayOf(each));
  return (hours ?? ['00:00-24:00']).some((text) => {
    const { from, to } = hoursIn(text) ?? { from: 0, to: 0 };
    if (from < to) return isDay(day) && minute >= from && minute < to;
    return (isDay(day) && minute >= from) || (isDay(day - 1) && minute < to);
  });
}

/** `sat 18:30` on the clock of the zone. @param at epoch milliseconds */
export function weekTime(zone: string, at: number): string {
  const wall = zoneNamed(zone).toWall(at);
  return `${weekdays[weekdayOf(Math.floor(wall / dayMs))] ?? ''} ${new Date(wall).toISOString().slice(11, 16)}`;
}

/** 1 January 1970 was a Thursday. @param day days since then */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}
