import fc from 'fast-check';
import { formatsBeforeHead } from '../../../src/lines/formats';
import { beginsWithDate } from '../../../src/lines/formats/begins-with-date';
import type { ParsedLine } from '../../../src/lines/formats/format';
import { head } from '../../../src/lines/formats/head';
import { layouts } from '../../../src/lines/formats/layouts';
import { programs } from '../../../src/lines/formats/programs';
import { unstampedForms } from '../../../src/lines/formats/unstamped';
import { Level } from '../../../src/lines/line-batch';
import { readYearFirst } from '../../../src/lines/number-dates';
import { initialReadingState } from '../../../src/lines/reading-state';
import { createScanner } from '../../../src/lines/scanner';
import { TimestampKind, type Timestamp } from '../../../src/lines/timestamps';
import { initialUnwrapped, wrappers, wrappersFor } from '../../../src/lines/wrappers';
import { sampleUpload } from './samples';
import { runs } from '../../support/runs';

const parsed = (): ParsedLine => ({ level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 });

/** Text after a date: parts of every line in the tables, and marks. */
const samples = [...layouts, ...programs, ...wrappers, ...unstampedForms].flatMap((entry) =>
  entry.samples.map(([line]) => line),
);
const part = fc.tuple(fc.constantFrom(...samples), fc.nat(40)).map(([line, from]) => line.slice(from));
const marks = ' T:.,|[](){}<>-+/="#*_Z09aA\t'.split('');
const mark = fc.constantFrom(...marks, '::', ' AM', ' PM', ' [', ' +02', ' UTC', '+060', '\u202fPM');
const rest = fc.array(fc.oneof(mark, part), { maxLength: 6 }).map((parts) => parts.join(''));
const clock = fc.constantFrom(
  '10:00:00',
  '10:00:00.123',
  '10:00:00,5',
  '10:00:60',
  '24:00:00',
  '9:00:00',
  '10.00.00',
  '',
);

describe('beginsWithDate', () => {
  const date = fc.constantFrom(
    ...['2026-11-29 ', '2026/11/29 ', '2026.11.29-', '2026-11-29T', '[2026-11-29T', '[2026/11/29 ', '[1129/11/29/'],
    ...['Nov 29 10', 'Nov  9 10', 'may 01 00'],
  );

  it('is true only for lines that no format before the head scan reads, and no wrapper that the head scan accepts', () => {
    fc.assert(
      fc.property(date, clock, rest, (start, time, end) => {
        const bytes = Buffer.from(`${start}${time}${end}`);
        if (!beginsWithDate(bytes, 0, bytes.length)) return;
        const first = bytes[0] ?? 0;
        expect(formatsBeforeHead(first).filter((one) => one.parse(bytes, 0, bytes.length, parsed()))).toEqual([]);
        const around = wrappersFor(first).filter((one) => one.unwrap(bytes, 0, bytes.length, initialUnwrapped()));
        if (around.length > 0) expect(head.parse(bytes, 0, bytes.length, parsed())).toBe(false);
      }),
      { numRuns: runs(1_500) },
    );
  });

  it.each([
    ['2026-11-29 10:00:00 x', true],
    ['[2026/11/29 10:00:00] x', true],
    ['Nov  9 10:00:00 web-1 x', true],
    ['2026-11-29 10:00', true],
    ['2026-11-29 10:0', false],
    ['2026-11/29 10:00:00 x', false],
    ['4711:20261129:100000.123 x', false],
    ['Nov 29, 2026 10:00:00 x', false],
  ])('of %j is %s', (line, expected) => {
    expect(beginsWithDate(Buffer.from(line), 0, line.length)).toBe(expected);
  });
});

describe('readYearFirst', () => {
  const read = (text: string): (Timestamp & { after: number }) | null => {
    const out: Timestamp = { kind: TimestampKind.WALL, time: 0 };
    const bytes = Buffer.from(text);
    const after = readYearFirst(bytes, 0, bytes.length, out);
    return after === -1 ? null : { ...out, after };
  };

  it('reads the usual forms as it reads the unusual ones, with any text after them', () => {
    // `_` before the clock is read like `T`, but is not usual.
    const separator = fc.constantFrom('-', '/', '.');
    fc.assert(
      fc.property(separator, fc.constantFrom('T', ' '), clock, rest, (mark, between, time, end) => {
        const day = ['2026', '11', '29'].join(mark);
        // A space has other rules when no clock follows it.
        if (between === ' ' && !/^\d\d:/.test(`${time}${end}`)) return;
        expect(read(`${day}${between}${time}${end}`)).toEqual(read(`${day}_${time}${end}`));
      }),
      { numRuns: runs(1_500) },
    );
  });
});

describe('a line of syslog that the head scan reads', () => {
  it('is never the first of two lines, wherever it lies in its chunk', () => {
    const first = Buffer.from(`${'x'.repeat(15)}\n2026-11-29 10:00:00,123 - shop - INFO - x\n`);
    const second = Buffer.from('Nov 29 10:00:00 web-1 shop[4711]: text of shop.Orders\nERROR: x\n');
    const context = {
      ...sampleUpload,
      source: 'logs/a',
      origin: 'a',
      generation: 0,
      maxLineBytes: 99,
      batchBytes: 9_999,
    };
    const scanner = createScanner(context, { offset: 0, held: Buffer.alloc(0), reading: initialReadingState });
    const levels = [first, second].flatMap((chunk) => scanner.push(chunk)).map(({ batch }) => [...batch.levels]);
    expect(levels).toEqual([
      [Level.RAW, Level.INFO],
      [Level.NONE, Level.CONT],
    ]);
  });
});
