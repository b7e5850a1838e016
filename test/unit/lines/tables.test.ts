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

describe('docs/formats.md', () => {
  it('is made from the tables; `npm run formats-doc` writes it', () => {
    expect(readFileSync('docs/formats.md', 'utf8')).toBe(formatsPage());
  });
});
