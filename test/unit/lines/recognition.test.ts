import fc from 'fast-check';
import { initialReadingState } from '../../../src/lines/reading-state';
import {
  endedRecognition,
  initialRecognition,
  isPoorlyUnderstood,
  type Recognition,
} from '../../../src/lines/recognition';
import { createScanner, type ScanContext, type ScanPosition } from '../../../src/lines/scanner';

const context: ScanContext = {
  source: 'bucket/host/app.log',
  origin: 'host',
  generation: 0,
  fileDay: null,
  lastModified: Date.UTC(2026, 10, 29, 12),
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: 300_000,
  maxLineBytes: 1024,
  batchBytes: 2048,
};

/** Reads the parts, each as an upload of its own, and publishes the last line. */
function recognitionOf(...parts: readonly Buffer[]): Recognition {
  let position: ScanPosition = { offset: 0, held: Buffer.alloc(0), reading: initialReadingState };
  for (const part of parts) {
    const scanner = createScanner(context, position);
    scanner.push(part);
    position = scanner.state();
  }
  const scanner = createScanner(context, position);
  const last = scanner.finish().at(-1);
  return endedRecognition(last?.reading.recognition ?? position.reading.recognition);
}

const record = '2026-11-29 10:00:00,123 ERROR shop: failed\n';

describe('recognition', () => {
  test.each<[string, string, Partial<Recognition>]>([
    ['nothing', '', { lines: 0, unparsed: 0, first: null }],
    ['records', record.repeat(3), { lines: 3, unparsed: 0, first: null }],
    ['a stack trace', `${record}\tat shop.Cart\n`, { lines: 2, unparsed: 0, first: null }],
    [
      'lines without indent after a record',
      `${record}\none\ntwo\n`,
      { lines: 4, stray: 2, firstStray: { line: 3, text: 'one' } },
    ],
    [
      'lines before the first record',
      `hello\nworld\n${record}`,
      { lines: 3, unparsed: 2, first: { line: 1, text: 'hello' } },
    ],
    ['a long line', `${'x'.repeat(200)}\n`, { lines: 1, unparsed: 1, first: { line: 1, text: 'x'.repeat(120) } }],
    [
      'blank lines, which are not unparsed',
      `\n \t\r\n\nhello\n\nweb-1  | \n`,
      { lines: 6, unparsed: 1, first: { line: 4, text: 'hello' } },
    ],
    ['a cut line', `${'x'.repeat(3000)}\ny\n`, { lines: 2, unparsed: 2, first: { line: 1, text: 'x'.repeat(120) } }],
  ])('counts %s', (_, content, expected) => {
    expect(recognitionOf(Buffer.from(content))).toEqual({ ...initialRecognition, ...expected });
  });

  it('does not depend on how uploads split a file', () => {
    const line = fc.constantFrom(
      'hello',
      '',
      record.trimEnd(),
      '\tat shop.Cart',
      'job 17 done',
      'x.FooException: y',
      'z'.repeat(1100),
      '{"level":"error"}',
    );
    const content = fc.array(line, { maxLength: 40 }).map((lines) => Buffer.from(lines.join('\n')));
    fc.assert(
      fc.property(content, fc.array(fc.nat(), { maxLength: 5 }), (bytes, cuts) => {
        const at = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const parts = at.map((end, i) => bytes.subarray(at[i - 1] ?? 0, end));
        expect(recognitionOf(...parts)).toEqual(recognitionOf(bytes));
      }),
    );
  });

  test.each([
    [0, 0, false],
    [10, 2, false],
    [10, 3, true],
    [1, 1, true],
  ])('of %i lines with %i unparsed is poor: %s', (lines, unparsed, expected) => {
    expect(isPoorlyUnderstood({ lines, unparsed, distant: 0 })).toBe(expected);
  });
});
