import { recognitionLines, recognitionObjects, type RecognizedSource } from '../../../src/apps/recognition-report';

const source = (name: string, lines: number, unparsed: number): RecognizedSource => ({
  name,
  recognition: { lines, unparsed, first: unparsed === 0 ? null : { line: 1, text: 'hello' } },
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
      ],
    ],
  ])('says %s', (_, sources, expected) => {
    expect(recognitionLines(sources)).toEqual(expected);
  });

  it('names at most ten files', () => {
    const lines = recognitionLines(Array.from({ length: 12 }, (_, i) => source(`f${i}`, 1, 1)));
    expect(lines).toHaveLength(12);
    expect(lines.slice(-2)).toEqual(['and 2 more files like this', advice]);
  });
});

describe('recognitionObjects', () => {
  it('has the sources with lines that were not understood', () => {
    expect(
      recognitionObjects([source('a', 10, 0), source('b', 10, 1)]).map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { type: 'source', source: { name: 'b', lines: 10, unparsed: 1, firstUnparsed: { line: 1, text: 'hello' } } },
    ]);
  });
});
