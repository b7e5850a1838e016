import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { layouts } from '../../../src/lines/formats/layouts';
import { levelPlaces } from '../../../src/lines/formats/level-places';
import { programs } from '../../../src/lines/formats/programs';
import { unstampedForms } from '../../../src/lines/formats/unstamped';
import { timestampForms } from '../../../src/lines/timestamp-forms';
import { wrappers, initialUnwrapped } from '../../../src/lines/wrappers';
import { formatsPage } from '../../../scripts/formats-page';
import { readSample, readSamples } from './samples';

describe('timestamps', () => {
  const rows = timestampForms.flatMap(({ name, samples }) =>
    samples.map(([text, time]) => [name, text, time] as const),
  );

  it.each(rows)('%s: %j is %s', (_, text, time) => {
    expect(readSample(`${text} ERROR x`).split(' ')[1]).toBe(time);
    expect(readSample(`[${text}] [ERROR] x`)).toBe(`ERROR ${time}`);
  });
});

describe('formats of single programs', () => {
  const rows = programs.flatMap(({ name, samples }) =>
    samples.map(([line, level, time]) => [name, line, level, time] as const),
  );

  it.each(rows)('%s: %j is %s %s', (_, line, level, time) => {
    expect(readSample(line)).toBe(`${level} ${time}`);
  });
});

describe('places of levels', () => {
  const rows = levelPlaces.flatMap(({ name, samples }) => samples.map(([line, level]) => [name, line, level] as const));

  it.each(rows)('%s: %j is %s', (_, line, level) => {
    expect(readSample(line).split(' ')[0]).toBe(level);
  });
});

describe('forms without a timestamp', () => {
  const rows = unstampedForms.flatMap(({ name, samples }) =>
    samples.map(([line, level]) => [name, line, level] as const),
  );

  it.each(rows)('%s: %j is %s at the time of the upload', (_, line, level) => {
    expect(readSample(line)).toBe(`${level} 2026-11-29T12:00:00.000Z`);
  });

  it.each(rows)('%s: %j is %s in colors', (_, line, level) => {
    const colored = `\u001b[31m${line.slice(0, 5)}\u001b[39m${line.slice(5)}\u001b[0m`;
    expect(readSample(colored)).toBe(`${level} 2026-11-29T12:00:00.000Z`);
  });

  it('have no level in the sequence of a color', () => {
    expect(readSample('\u001b[31mfailed\u001b[39m to open')).toBe('RAW 2026-11-29T12:00:00.000Z');
  });
});

describe('wrappers', () => {
  const rows = wrappers.flatMap(({ name, samples }) => samples.map(([line, inner]) => [name, line, inner] as const));

  it.each(rows)('%s: %j holds %j', (name, line, inner) => {
    const bytes = Buffer.from(`x${line}y`);
    const out = initialUnwrapped();
    const wrapper = wrappers.find((one) => one.name === name);
    expect(wrapper?.unwrap(bytes, 1, bytes.length - 1, out)).toBe(true);
    expect(out.bytes.toString('utf8', out.start, out.end)).toBe(inner);
  });
});

/** Every sample line of the tables with what it is alone, except those that need a source without timestamps. */
const lines = [...layouts.flatMap(({ samples }) => samples), ...programs.flatMap(({ samples }) => samples)].map(
  ([line]) => line,
);
const alone = new Map(lines.map((line) => [line, readSample(line)]));
/** The date of these depends on what the lines above have shown. */
const isIndependent = (line: string): boolean => !/^\[?\d\d([:/.-]\d\d){2}/.test(line);

describe('a line', () => {
  it('is read the same after any other line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...lines.filter(isIndependent)), { minLength: 2, maxLength: 12 }),
        (some) => {
          expect(readSamples(some)).toEqual(some.map((line) => alone.get(line)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is read the same inside containers, after a name and in colors', () => {
    for (const line of lines.filter(isIndependent)) {
      const expected = alone.get(line);
      expect([line, readSample(`web-1  | ${line}`)]).toEqual([line, expected]);
      expect([line, readSample(`\u001b[2m${line}\u001b[0m`)]).toEqual([line, expected]);
      expect([line, readSample(`\u0000\u0000\ufeff${line}`)]).toEqual([line, expected]);
      expect([line, readSample(`2026-11-29T10:00:00.000Z stdout F ${line}`).slice(0, 5)]).toEqual([
        line,
        expected?.slice(0, 5),
      ]);
    }
  });
});

describe('layouts', () => {
  const rows = layouts.flatMap(({ samples }) =>
    samples.map(([line, level, time = '10:00']) => [line, level, time] as const),
  );

  it.each(rows)('%j is %s', (line, level, time) => {
    expect(readSample(line).slice(0, -8)).toBe(`${level} 2026-11-29T${time}`);
  });
});

describe('a line after a timestamp of its container', () => {
  it.each([
    ['{"level":"error","msg":"refused"}', 'ERROR'],
    ['E1129 10:00:00.123456       1 x.go:12] refused', 'ERROR'],
    ['W, [2026-11-29T10:00:00.123456 #4]  WARN -- : slow', 'WARN'],
    ['request {"level":"error"}', 'NONE'],
    ['E2E tests have ended', 'NONE'],
  ])('gives its level: %j is %s', (line, level) => {
    expect(readSample(`2026-11-29T10:00:00.123456789Z ${line}`)).toBe(`${level} 2026-11-29T10:00:00.123Z`);
  });
});

describe('dates of three numbers of two digits', () => {
  it.each([
    ['26/11/29', '2026-11-29'],
    ['29/11/26', '2026-11-29'],
    ['11/29/26', '2026-11-29'],
    ['26/11/27', '2026-11-27'],
    ['10/11/26', '2026-11-10'],
    ['17/06/09', '2017-06-09'],
  ])('are read as fits the upload: %s is %s', (date, day) => {
    expect(readSample(`${date} 10:00:00 INFO spark.Executor: x`)).toBe(`INFO ${day}T10:00:00.000Z`);
  });

  it('are read in the order that an earlier date has shown', () => {
    expect(readSamples(['28/11/26 10:00:00 INFO x: a', '10/11/26 10:00:00 INFO x: a'])[1]).toBe(
      'INFO 2026-11-10T10:00:00.000Z',
    );
    expect(readSamples(['11/28/26 10:00:00 INFO x: a', '10/11/26 10:00:00 INFO x: a'])[1]).toBe(
      'INFO 2026-10-11T10:00:00.000Z',
    );
  });
});

describe('records of two lines', () => {
  it('have the level of the second after a timestamp alone, as the alert log of Oracle', () => {
    expect(
      readSamples([
        '2026-11-29T10:00:00.123456+00:00',
        'Errors in file /u01/shop_ora_4711.trc:',
        'ORA-00600: internal error code',
        'Sun Nov 29 10:01:00 2026',
        'ORA-01578: block corrupted',
        '2026-11-29T10:02:00.123456+00:00',
        'Thread 1 advanced to log sequence 12',
        'ORA-06512: at "SHOP", line 1',
      ]),
    ).toEqual([
      'NONE 2026-11-29T10:00:00.123Z',
      'ERROR 2026-11-29T10:00:00.123Z',
      'CONT 2026-11-29T10:00:00.123Z',
      'NONE 2026-11-29T10:01:00.000Z',
      'ERROR 2026-11-29T10:01:00.000Z',
      'NONE 2026-11-29T10:02:00.123Z',
      'CONT 2026-11-29T10:02:00.123Z',
      'CONT 2026-11-29T10:02:00.123Z',
    ]);
  });
});

/** Lines that belong to the record above them, although they hold dates or level words. */
const continuations = [
  'ValueError: bad',
  'error: 0',
  'Warning: deprecated',
  'INFO: y',
  'Error: something failed',
  'ERROR 1064 (42000): You have an error in your SQL syntax',
  'ORA-06512: at "SHOP", line 1',
  'java.lang.IllegalStateException: at 2026-11-29 09:00:00 it broke',
  'Caused by: java.sql.SQLException: ERROR: x',
  "SELECT * FROM x WHERE t > '2026-11-29 09:00:00'",
  "WHERE created_at BETWEEN '2026-11-29 09:00:00' AND '2026-11-29 09:30:00'",
  "'started at 2026-11-29 09:00:00'",
  'The job that started on 2026-11-29 09:00:00 failed with ERROR',
  'Started at 2026-11-29',
  'Started GET',
  'Log started',
  'web-1 is down since 2026-11-29 09:00:00',
  'shop-1 web is down',
  'Date: Sun, 29 Nov 2026 09:00:00 GMT',
  '"time": "2026-11-29T09:00:00Z"',
  '"level": "error",',
  '{',
  "{'id': 3}",
  '  {"id":3,"state":"error"}',
  '    {"level":3}',
  '29 March was near',
  '31/Dec/1969',
  'CEF is a format',
  'default shop-1 web is down',
  '2026-333',
  '严重',
  '5 Mai 1234',
  '12 errors',
  '5 error lines',
  '0 verbose x',
  'npm ERR! code 1',
  'log4j:WARN x',
  ' WARN  x',
  '1795946400',
  '10:00:00',
  '11:00',
  '2 123456789012 eni',
  '1 2026-11-29',
  '10,11/29/26',
  '2026-11-29',
  '26/11 to 27/11',
  'Nov 29 is near',
  '[1] 4711 done',
  '[httpd] started',
  '[pod/x] started',
  '[ok:error,x]',
  'a::b::c',
  '@400000',
  'L 12',
  'MSI (s)',
  '-rw-r--r-- 1 root root 123 Nov 29 10:00 x.log',
  '*** ERROR ***',
  '#0 {main}',
  'id | name | created',
];

describe('a line without a timestamp of its own', () => {
  it.each(continuations)('continues the record above: %j', (line) => {
    expect(readSamples(['2026-11-29 10:00:00,123 INFO shop: x', line])[1]).toBe('CONT 2026-11-29T10:00:00.123Z');
  });
});

describe('docs/formats.md', () => {
  it('is made from the tables; `npm run formats-doc` writes it', () => {
    expect(readFileSync('docs/formats.md', 'utf8')).toBe(formatsPage());
  });
});
