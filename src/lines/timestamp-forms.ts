import { readEastAsianDate, readMonthNumeral, readWeekOrOrdinal } from './calendar-dates';
import { readDayAndMonthName, readMonthName, readWeekday } from './name-dates';
import {
  readCompactDay,
  readEpochNumber,
  readEpochWithExponent,
  readMonthAndDayNumbers,
  readShortCompactDay,
  readThreeNumbers,
  readTimeOfDay,
  readYearFirst,
} from './number-dates';
import { TimestampKind, byteAt, isDigit, isLetter, type Timestamp } from './timestamps';

/** Reads a timestamp at `pos` and sets `out`. Returns the position after it, -1 when there is none. */
export type TimestampReader = (bytes: Buffer, pos: number, end: number, out: Timestamp) => number;

/** A notation of timestamps. */
export interface TimestampForm {
  readonly name: string;
  /** Numbers of leading digits that a timestamp of this form has. Forms that begin with a letter have none. */
  readonly digits: readonly number[];
  readonly read: TimestampReader;
  /** Texts and their time, for an upload of 2026-11-29T12:00Z in a source whose zone is UTC: tests read them. */
  readonly samples: readonly (readonly [text: string, time: string])[];
}

/** All notations, tried in this order. */
export const timestampForms: readonly TimestampForm[] = [
  {
    name: 'year-first',
    digits: [4],
    read: readYearFirst,
    samples: [
      ['2026-11-29 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['2026-11-29T10:00:00.123456789Z', '2026-11-29T10:00:00.123Z'],
      ['2026-11-29t10:00:00.123z', '2026-11-29T10:00:00.123Z'],
      ['2026-11-29 10:00:00,123 +0200', '2026-11-29T08:00:00.123Z'],
      ['2026-11-29 10:00:00 [+0200]', '2026-11-29T08:00:00.000Z'],
      ['2026-11-29 10:00:00.123+02', '2026-11-29T08:00:00.123Z'],
      ['2026-11-29 10:00:00 CET', '2026-11-29T09:00:00.000Z'],
      ['2026-11-29 10:00:00 (UTC+1)', '2026-11-29T09:00:00.000Z'],
      ['2026-11-29  9:00:00', '2026-11-29T09:00:00.000Z'],
      ['2026-11-29-10.00.00.123456+060', '2026-11-29T09:00:00.123Z'],
      ['2026/11/29 10:00:00.5', '2026-11-29T10:00:00.500Z'],
      ['2026.11.29-10.00.00:123', '2026-11-29T10:00:00.123Z'],
      ['2026-11-29 12:30:00 PM', '2026-11-29T12:30:00.000Z'],
      ['2026-11-29 10:00', '2026-11-29T10:00:00.000Z'],
      ['2026-11-29 10.00.00', '2026-11-29T10:00:00.000Z'],
      ['2026-Nov-29 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['2026 Nov 29 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['2026-11-29_10-00-00', '2026-11-29T10:00:00.000Z'],
      ['2026-11-29 10h00m24s', '2026-11-29T10:00:24.000Z'],
      ['2026-11-29T10h00', '2026-11-29T10:00:00.000Z'],
      ['2026/11/28 午後10:00:24', '2026-11-28T22:00:24.000Z'],
      ['2026-11-29 12:00:00 MESZ', '2026-11-29T10:00:00.000Z'],
    ],
  },
  {
    name: 'week-or-ordinal',
    digits: [4],
    read: readWeekOrOrdinal,
    samples: [
      ['2026-W48-7T10:00:00Z', '2026-11-29T10:00:00.000Z'],
      ['2026-W01-1 10:00:00', '2025-12-29T10:00:00.000Z'],
      ['2026-333T10:00:00.123Z', '2026-11-29T10:00:00.123Z'],
      ['2026-001 10:00:00', '2026-01-01T10:00:00.000Z'],
    ],
  },
  {
    name: 'east-asian',
    digits: [4],
    read: readEastAsianDate,
    samples: [
      ['2026年11月29日 10:00:24', '2026-11-29T10:00:24.000Z'],
      ['2026年11月28日 午後10:00:24', '2026-11-28T22:00:24.000Z'],
      ['2026年11月29日10时00分24秒', '2026-11-29T10:00:24.000Z'],
      ['2026년 11월 28일 오후 10:00:24', '2026-11-28T22:00:24.000Z'],
    ],
  },
  {
    name: 'compact-day',
    digits: [8, 14],
    read: readCompactDay,
    samples: [
      ['20261129 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['20261129-9:00:00:123', '2026-11-29T09:00:00.123Z'],
      ['20261129-0:7:20:44', '2026-11-29T00:07:20.044Z'],
      ['20261129T100000Z', '2026-11-29T10:00:00.000Z'],
      ['20261129T100000.123+0100', '2026-11-29T09:00:00.123Z'],
      ['20261129T040000-06', '2026-11-29T10:00:00.000Z'],
      ['20261129:100000.123', '2026-11-29T10:00:00.123Z'],
      ['20261129100000', '2026-11-29T10:00:00.000Z'],
    ],
  },
  {
    name: 'short-compact-day',
    digits: [6],
    read: readShortCompactDay,
    samples: [
      ['261129 100000', '2026-11-29T10:00:00.000Z'],
      ['261129  9:00:00', '2026-11-29T09:00:00.000Z'],
      ['261129 10:00:00.123456', '2026-11-29T10:00:00.123Z'],
    ],
  },
  {
    name: 'three-numbers',
    digits: [1, 2],
    read: readThreeNumbers,
    samples: [
      ['29.11.2026 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['11/28/2026 10:00:00 PM', '2026-11-28T22:00:00.000Z'],
      ['29/11/2026 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['29/11/26, 10:00:00:123 CET', '2026-11-29T09:00:00.123Z'],
      ['11/29/26 1:00:00:123 EST', '2026-11-29T06:00:00.123Z'],
      ['26/11/29 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['29-11-2026 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['11-29-2026 10:00:00.123 +0100', '2026-11-29T09:00:00.123Z'],
      ['29/11/2026 -- 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['12/11/2026 10:00:00', '2026-11-12T10:00:00.000Z'],
      ['29 11 2026 10:00:00.123', '2026-11-29T10:00:00.123Z'],
    ],
  },
  {
    name: 'day-and-month-name',
    digits: [1, 2],
    read: readDayAndMonthName,
    samples: [
      ['29/Nov/2026:10:00:00 +0100', '2026-11-29T09:00:00.000Z'],
      ['29-Nov-2026 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['29-NOV-2026::10:00:00', '2026-11-29T10:00:00.000Z'],
      ['29 Nov 2026 10:00:00,123', '2026-11-29T10:00:00.123Z'],
      ['29Nov2026 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['29 November 2026 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['29-Nov-26 10:00:00 UTC', '2026-11-29T10:00:00.000Z'],
      ['29-Nov-2026 11:00:00 Europe/Berlin', '2026-11-29T10:00:00.000Z'],
      ['29 Nov 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['29. November 2026 10:00:24', '2026-11-29T10:00:24.000Z'],
      ['29. März 2026 um 10:00:24', '2026-03-29T10:00:24.000Z'],
      ['29 déc. 2025 10:00:24', '2025-12-29T10:00:24.000Z'],
      ['29 de noviembre de 2026 10:00:24', '2026-11-29T10:00:24.000Z'],
    ],
  },
  {
    name: 'month-and-day',
    digits: [2],
    read: readMonthAndDayNumbers,
    samples: [
      ['11-29 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['11/29-10:00:00.123456', '2026-11-29T10:00:00.123Z'],
      ['11-29|10:00:00', '2026-11-29T10:00:00.000Z'],
      ['11.29 10:00:00', '2026-11-29T10:00:00.000Z'],
    ],
  },
  {
    name: 'time-of-day',
    digits: [1, 2],
    read: readTimeOfDay,
    samples: [
      ['10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['10:00:00,123456', '2026-11-29T10:00:00.123Z'],
      ['9:05AM', '2026-11-29T09:05:00.000Z'],
      ['11:59AM', '2026-11-29T11:59:00.000Z'],
    ],
  },
  {
    name: 'epoch',
    digits: [10, 13, 16, 19],
    read: readEpochNumber,
    samples: [
      ['1795946400', '2026-11-29T10:00:00.000Z'],
      ['1795946400.123456', '2026-11-29T10:00:00.123Z'],
      ['1795946400123', '2026-11-29T10:00:00.123Z'],
      ['1795946400123456', '2026-11-29T10:00:00.123Z'],
      ['1795946400123456789', '2026-11-29T10:00:00.123Z'],
    ],
  },
  {
    name: 'epoch-with-exponent',
    digits: [1],
    read: readEpochWithExponent,
    samples: [
      ['1.7959464e+09', '2026-11-29T10:00:00.000Z'],
      ['1.7959464001234567e+09', '2026-11-29T10:00:00.123Z'],
    ],
  },
  {
    name: 'month-name',
    digits: [],
    read: readMonthName,
    samples: [
      ['Nov 29 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['Nov  9 10:00:00.123', '2026-11-09T10:00:00.123Z'],
      ['Nov 28, 2026 10:00:00 PM', '2026-11-28T22:00:00.000Z'],
      ['Nov 29, 2026, 10:00:00,123 AM CET', '2026-11-29T09:00:00.123Z'],
      ['November 29, 2026 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['Nov 29 2026 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['nov/29/2026 10:00:00', '2026-11-29T10:00:00.000Z'],
      ['Okt. 29, 2026 10:00:00', '2026-10-29T10:00:00.000Z'],
      ['Nov 29, 2026 at 10:00:00 AM', '2026-11-29T10:00:00.000Z'],
      ['Nov. 28, 2026 10:00:00 NACHM.', '2026-11-28T22:00:00.000Z'],
      ['nov. 28, 2026 10:00:00 p. m.', '2026-11-28T22:00:00.000Z'],
    ],
  },
  {
    name: 'month-numeral',
    digits: [],
    read: readMonthNumeral,
    samples: [['十一月 28, 2026 10:00:24 下午', '2026-11-28T22:00:24.000Z']],
  },
  {
    name: 'weekday',
    digits: [],
    read: readWeekday,
    samples: [
      ['Sun Nov 29 10:00:00 2026', '2026-11-29T10:00:00.000Z'],
      ['Sun Nov 29 10:00:00.123456 2026', '2026-11-29T10:00:00.123Z'],
      ['Sun Nov 29 10:00:00 CET 2026', '2026-11-29T09:00:00.000Z'],
      ['Sun Nov 29 10:00:00.123', '2026-11-29T10:00:00.123Z'],
      ['Sun, 29 Nov 2026 10:00:00 +0100', '2026-11-29T09:00:00.000Z'],
      ['Sunday, November 29, 2026 10:00:00 AM', '2026-11-29T10:00:00.000Z'],
      ['Sun 2026-11-29 10:00:00 UTC', '2026-11-29T10:00:00.000Z'],
    ],
  },
];

const byDigits: readonly (readonly TimestampForm[])[] = Array.from({ length: 20 }, (_, count) =>
  timestampForms.filter(({ digits }) => digits.includes(count)),
);
const byLetter = timestampForms.filter(({ digits }) => digits.length === 0);
const none: readonly TimestampForm[] = [];

/** The notation of the timestamp that {@link readAnyTimestamp} read last. */
export const lastForm = { name: '' };

/** Reads a timestamp in any notation, which {@link lastForm} names. */
export function readAnyTimestamp(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  let digitsEnd = pos;
  while (digitsEnd < end && isDigit(byteAt(bytes, digitsEnd))) digitsEnd++;
  if (digitsEnd === pos && (pos >= end || !mayBeginName(byteAt(bytes, pos)))) return -1;
  for (const form of digitsEnd === pos ? byLetter : (byDigits[digitsEnd - pos] ?? none)) {
    out.kind = TimestampKind.WALL;
    out.time = 0;
    const after = form.read(bytes, pos, end, out);
    if (after !== -1) {
      lastForm.name = form.name;
      return after;
    }
  }
  return -1;
}

/** A letter, or the first byte of a Chinese numeral. */
function mayBeginName(byte: number): boolean {
  return isLetter(byte) || byte === 0xe4 || byte === 0xe5;
}
