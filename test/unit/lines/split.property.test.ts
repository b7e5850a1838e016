import fc from 'fast-check';
import { Level } from '../../../src/lines/line-batch';
import { statusLevels } from '../../../src/lines/formats/access/status';
import { accessSamples } from '../../../src/lines/formats/access/access-samples';
import { jsonSamples, logfmtSamples } from '../../../src/lines/formats/fields/field-samples';
import { layouts } from '../../../src/lines/formats/layouts';
import { levelPlaces } from '../../../src/lines/formats/level-places';
import { programs } from '../../../src/lines/formats/programs';
import { unstampedForms } from '../../../src/lines/formats/unstamped';
import { initialReadingState } from '../../../src/lines/reading-state';
import { nextGeneration, type ScanContext } from '../../../src/lines/scanner';
import { timestampForms } from '../../../src/lines/timestamp-forms';
import { runs } from '../../support/runs';
import { allLines, beginning, chunksOf, scan } from './scanning';

/**
 * Any cut of a log's bytes into chunks, and any stop between them, gives the same records (`split-independence`): for all
 * that the reading of a line depends on lines above it.
 */

const upload: Partial<ScanContext> = { lastModified: Date.parse('2026-11-29T12:00:00Z'), maxLineBytes: 17_000 };

const samples = [
  ...layouts.flatMap((layout) => layout.samples.map(([line]) => line)),
  ...programs.flatMap((program) => program.samples.map(([line]) => line)),
  ...levelPlaces.flatMap((place) => place.samples.map(([line]) => line)),
  ...unstampedForms.flatMap((form) => form.samples.map(([line]) => line)),
  ...[...jsonSamples, ...logfmtSamples].map(([line]) => line),
  ...accessSamples.map(([, line]) => line),
  ...timestampForms.flatMap((form) => form.samples.map(([text]) => `${text} x`)),
];
const sample = fc.constantFrom(...samples);

const continuation = fc.constantFrom(
  '',
  '\tat a.B.c(B.java:1)',
  'Caused by: java.io.IOException: y',
  'error: 0',
  ' ',
  'Traceback (most recent call last):',
  'During handling of the above exception, x',
);

/** The two lines of a record of java.util.logging and of tinylog, each of which may also come alone. */
const twoLines = fc.constantFrom(
  'Nov 29, 2026 10:00:00 AM com.example.Shop start',
  'Nov 29, 2026 10:00:01 AM com.example.Shop stop',
  '2026-11-29 10:00:00 [main] com.example.Shop.start()',
  'SEVERE: failed',
  'INFO: started',
  'ERROR: failed',
  'Warnung: x',
);

const number = fc.constantFrom('01', '04', '12', '13', '26', '28', '31');
const mark = fc.constantFrom('/', '-', '.');
/** Dates of three numbers: some show the order of day, month and year, some fit several. */
const unorderedDates = fc
  .tuple(mark, number, number, fc.oneof(number, fc.constantFrom('2025', '2026')), fc.constantFrom('', ' +0100', ' CET'))
  .map(([dash, a, b, c, zone]) => `${a}${dash}${b}${dash}${c} 10:00:00${zone} ERROR x`);

const inner = fc.oneof(sample, continuation, twoLines, unorderedDates);

const second = fc.integer({ min: 10, max: 59 });
const stream = fc.constantFrom('stdout', 'stderr');

const cri = fc
  .tuple(second, stream, fc.constantFrom('P', 'F'), inner)
  .map(([s, to, tag, text]) => `2026-11-29T10:00:${s}.123456789Z ${to} ${tag} ${text}`);

/** Docker cuts lines after 16 KiB; some of these are cut again, at `maxLineBytes`. */
const docker = fc
  .tuple(second, stream, inner, fc.constantFrom('\n', '\n', '', 'part', 'long part'))
  .map(([s, to, text, end]) => {
    const size = end === 'part' ? 16_384 : end === 'long part' ? 16_990 : 0;
    const log = size === 0 ? text + end : text.padEnd(size, 'y');
    return JSON.stringify({ log, stream: to, time: `2026-11-29T10:00:${s}.123Z` });
  });

const colored = inner.map((text) => `\u001b[2m${text.slice(0, 12)}\u001b[0m${text.slice(12)}`);
const named = fc.oneof(inner, cri).map((text) => `web-1  | ${text}`);

const line = fc.oneof(inner, twoLines, unorderedDates, cri, docker, colored, named);
/** One kind of lines, or all mixed. */
const lines = fc.oneof(
  ...[line, cri, docker, unorderedDates, fc.oneof(twoLines, continuation), colored].map((kind) =>
    fc.array(fc.tuple(kind, fc.constantFrom('\n', '\n', '\r\n')), { maxLength: 16 }),
  ),
);

const cutLog = lines
  .map((some) => Buffer.from(some.map(([text, end]) => text + end).join('')))
  .chain((data) =>
    fc.record({ data: fc.constant(data), cuts: fc.uniqueArray(fc.nat({ max: data.length }), { maxLength: 12 }) }),
  );

const contexts = fc.constantFrom<Partial<ScanContext>>(
  {},
  { zone: 'America/New_York' },
  { fileDay: Date.parse('2026-11-28') / 86_400_000 },
  { statusLevels: statusLevels(new Map([['5xx', Level.ERROR]])) },
  { maxLineBytes: 300 },
);
const starts = fc.constantFrom(initialReadingState, nextGeneration(initialReadingState));

describe('a log whose lines depend on lines above them', () => {
  it('has the same records for any cut into chunks and any stop between them', () => {
    fc.assert(
      fc.property(
        cutLog,
        fc.boolean(),
        fc.array(fc.nat({ max: 12 })),
        contexts,
        starts,
        ({ data, cuts }, isEnded, resume, of, state) => {
          const context = { ...upload, ...of };
          const start = beginning(state);
          const whole = scan([data], { context, start, isEnded });
          const cut = scan(chunksOf(data, cuts), { context, start, isEnded, resumeAt: new Set(resume) });
          expect(allLines(cut.batches)).toEqual(allLines(whole.batches));
          expect(cut.position).toEqual(whole.position);
        },
      ),
      { numRuns: runs(150) },
    );
  });

  it('has the same records when reading stops after each line', () => {
    fc.assert(
      fc.property(cutLog, contexts, starts, ({ data }, of, state) => {
        const context = { ...upload, ...of };
        const start = beginning(state);
        const whole = scan([data], { context, start });
        const ends = [...data.keys()].filter((at) => data[at] === 10).map((at) => at + 1);
        const cut = scan(chunksOf(data, ends), { context, start, resumeAt: new Set([0, ...ends].map((_, i) => i)) });
        expect(allLines(cut.batches)).toEqual(allLines(whole.batches));
        expect(cut.position).toEqual(whole.position);
      }),
      { numRuns: runs(100) },
    );
  });

  it('is the first of two when it is colored, and its level is that of the second', () => {
    const data = Buffer.from('\u001b[2mNov 29, 2026\u001b[0m 10:00:00 AM com.example.Shop start\nSEVERE: failed\n');
    const levels = (chunks: readonly Buffer[]): unknown[] =>
      allLines(scan(chunks, { context: upload }).batches).map((one) => one.level);
    expect(levels([data])).toEqual(['NONE', 'ERROR']);
    expect(levels([data.subarray(0, 70), data.subarray(70)])).toEqual(['NONE', 'ERROR']);
  });

  it('has no time when its date is of no calendar, in any zone', () => {
    const data = Buffer.from('2026-11-29 10:00:00 INFO x\n31/04/2025 10:00:00 ERROR x\n');
    for (const zone of ['UTC', 'Europe/Berlin'])
      expect(allLines(scan([data], { context: { ...upload, zone } }).batches).map((one) => one.level)).toEqual([
        'INFO',
        'CONT',
      ]);
  });
});
