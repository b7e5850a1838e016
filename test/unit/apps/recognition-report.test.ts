import { initialRecognition } from '../../../src/lines/recognition';
import { recognitionLines, recognitionObjects, type RecognizedSource } from '../../../src/apps/recognition-report';

const source = (name: string, lines: number, unparsed: number): RecognizedSource => ({
  name,
  recognition: { ...initialRecognition, lines, unparsed, first: unparsed === 0 ? null : { line: 1, text: 'hello' } },
});
const stray = (name: string): RecognizedSource => ({
  name,
  recognition: { ...initialRecognition, lines: 60, stray: 20, firstStray: { line: 2, text: 'job done' } },
});
const advice = '"telltale check FILE" shows the forms found, and proposes a format for ingest.sources';

describe('recognitionLines', () => {
  test.each<[string, RecognizedSource[], string[]]>([
    ['nothing when all is understood', [source('a', 10, 0)], []],
    [
      'one line for a few lines of several files',
      [source('a', 10, 1), source('b', 10, 2), source('c', 1, 0)],
      ['3 lines of 2 files were not understood, the first in a'],
    ],
    [
      'more than a fifth of a file with its first line and what to do',
      [source('a', 10, 2), source('b', 10, 3)],
      [
        '2 lines of 1 file were not understood, the first in a',
        'NOT UNDERSTOOD: 3 of 10 lines (30 %) of b. The first, line 1: hello',
        advice,
        '1 of 2 files is not understood: their errors are not among these results',
      ],
    ],
    [
      'that lines without indent are perhaps not understood',
      [source('a', 10, 0), stray('b')],
      [
        'PERHAPS NOT UNDERSTOOD: 20 of 60 lines (33.3 %) of b continue a record without indent. The first, line 2: job done',
        advice,
      ],
    ],
  ])('says %s', (_, sources, expected) => {
    expect(recognitionLines(sources)).toEqual(expected);
  });

  it('names at most ten files', () => {
    const lines = recognitionLines(Array.from({ length: 12 }, (_, i) => source(`f${i}`, 1, 1)));
    expect(lines).toHaveLength(13);
    expect(lines.slice(-3)).toEqual([
      'and 2 more files like this',
      advice,
      '12 of 12 files are not understood: their errors are not among these results',
    ]);
  });
});

describe('recognitionObjects', () => {
  it('has the sources with lines that were not understood', () => {
    expect(
      recognitionObjects([source('a', 10, 0), source('b', 10, 1)]).map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        type: 'source',
        source: {
          ...{ name: 'b', lines: 10, unparsed: 1, firstUnparsed: { line: 1, text: 'hello' } },
          ...{ distant: 0, stray: 0, firstStray: null },
        },
      },
    ]);
  });
});
