import { levelPlaces } from '../../../src/lines/formats/level-places';
import { programs } from '../../../src/lines/formats/programs';
import { unstampedForms } from '../../../src/lines/formats/unstamped';
import { timestampForms } from '../../../src/lines/timestamp-forms';
import { wrappers, initialUnwrapped } from '../../../src/lines/wrappers';
import { readSample } from './samples';

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
