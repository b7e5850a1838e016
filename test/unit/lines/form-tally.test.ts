import { FormTally, mergeForms, type FoundForms } from '../../../src/lines/form-tally';
import { endedRecognition } from '../../../src/lines/recognition';
import { initialReadingState } from '../../../src/lines/reading-state';
import { createScanner, type ScanContext } from '../../../src/lines/scanner';

const context: ScanContext = {
  source: 'b/web-1/app.log',
  origin: 'web-1',
  generation: 0,
  maxLineBytes: 1024,
  batchBytes: 4096,
  fileDay: null,
  lastModified: Date.parse('2026-11-20T18:00:00Z'),
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: 60_000,
};

function found(text: string, chunkBytes = 1 << 20): FoundForms {
  const bytes = Buffer.from(text);
  const scanner = createScanner(context, { offset: 0, held: Buffer.alloc(0), reading: initialReadingState });
  const tally = new FormTally(context);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const { batch } of scanner.push(bytes.subarray(at, at + chunkBytes))) tally.add(batch);
  }
  for (const { batch } of scanner.finish()) tally.add(batch);
  return tally.found();
}

const info = '2026-11-20 10:00:00 INFO started\n';
const error = '2026-11-20T10:00:01+01:00 ERROR failed\n';

describe('FormTally', () => {
  it('counts forms, levels and zones, and shows the first line of each', () => {
    const { forms, continuation, recognition } = found(
      `what\n${info}${error}\tat x\nCaused by: y\n{"level":"warn","time":"2027-01-01T00:00:00Z"}`,
    );
    expect(recognition).toMatchObject({ lines: 6, unparsed: 1, first: { line: 1, text: 'what' } });
    expect(forms).toEqual([
      {
        ...{ name: 'date-time', wrapper: null, lines: 2, levels: [1, 0, 1, 0, 0] },
        ...{ zoneless: 1, unstamped: 0, future: 0 },
        first: { line: 2, text: info.trim(), level: 2, time: Date.parse('2026-11-20T10:00:00Z') },
      },
      {
        ...{ name: 'json', wrapper: null, lines: 1, levels: [0, 1, 0, 0, 0], zoneless: 0, unstamped: 0, future: 1 },
        first: {
          ...{ line: 6, text: '{"level":"warn","time":"2027-01-01T00:00:00Z"}' },
          ...{ level: 1, time: context.lastModified },
        },
      },
    ]);
    expect(continuation).toEqual({
      ...{ lines: 2, unindented: 1, firstUnindented: { line: 5, text: 'Caused by: y' } },
    });
  });

  it('counts the lines that are perhaps not understood as the producer does', () => {
    const text = `what\n${info}odd\n${info}\tat x\n${info}`.repeat(30) + 'odd\n'.repeat(310);
    const scanner = createScanner(context, { offset: 0, held: Buffer.alloc(0), reading: initialReadingState });
    scanner.push(Buffer.from(text));
    const produced = endedRecognition(scanner.state().reading.recognition);
    expect(found(text).recognition).toEqual(produced);
    expect(produced).toMatchObject({ unparsed: 1, stray: 359, distant: 10, firstStray: { line: 3, text: 'odd' } });
  });

  it('gives the same result for any cut into chunks', () => {
    const text = `what\n${info}${error} at x\n`.repeat(300);
    const whole = found(text);
    for (const chunkBytes of [7, 100, 5000]) expect(found(text, chunkBytes)).toEqual(whole);
  });

  it('adds files up', () => {
    const [a, b] = [found(`x\n${info}${info}`), found(`y\n${error}z\n{}\n`)];
    const both = mergeForms(a, b);
    expect(both.recognition).toMatchObject({ lines: 7, unparsed: 2, first: { text: 'x' }, stray: 1 });
    expect(both.forms.find(({ name }) => name === 'date-time')).toMatchObject({ lines: 3, levels: [1, 0, 2, 0, 0] });
    expect(mergeForms(b, a).forms.length).toBe(both.forms.length);
  });
});
