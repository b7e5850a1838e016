import { guessFormat } from '../../../src/apps/guess-pattern';
import { compilePattern } from '../../../src/config/line-pattern';
import { customFormat } from '../../../src/lines/formats/custom';
import type { ParsedLine } from '../../../src/lines/formats/format';
import { Level, levelNames } from '../../../src/lines/line-batch';
import { TimestampKind } from '../../../src/lines/timestamps';

const numbers = { error: Level.ERROR, warn: Level.WARN, info: Level.INFO, debug: Level.DEBUG } as const;

/** How the guessed format reads the lines. */
function readAs(...lines: string[]): string[] {
  const guess = guessFormat(lines.map((line) => Buffer.from(line)));
  if (guess === null) return ['none'];
  const words = new Map(Object.entries(guess.levels).map(([word, name]) => [word, numbers[name]] as const));
  const format = customFormat(compilePattern(guess.pattern), words);
  return lines.map((line) => {
    const out: ParsedLine = { level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 };
    const bytes = Buffer.from(line);
    if (!format.parse(bytes, 0, bytes.length, out)) return 'unread';
    if (out.kind === TimestampKind.UNORDERED) return `${levelNames[out.level]} in the order that the file shows`;
    const time = out.kind === TimestampKind.TIME_OF_DAY ? `${out.time / 1000} s` : new Date(out.time).toISOString();
    return `${levelNames[out.level]} ${time}`;
  });
}

describe('guessFormat', () => {
  it.each([
    [
      'a timestamp after many words',
      ['srv a 7 :: 2026-11-29 10:00:00,123 :: ERR :: boom', 'srv b 8 :: 2026-11-29 10:00:01,456 :: INF :: ok'],
      ['ERROR 2026-11-29T10:00:00.123Z', 'INFO 2026-11-29T10:00:01.456Z'],
    ],
    ['a zone', ['srv a 7 :: 2026-11-29T10:00:00+02:00 :: ERR :: boom'], ['ERROR 2026-11-29T08:00:00.000Z']],
    [
      'a level letter before an odd date',
      ['x E worker 3 29;11;2026 10.00.00 no WARN', 'y I worker 4 29;11;2026 10.00.01 ok'],
      ['ERROR 2026-11-29T10:00:00.000Z', 'INFO 2026-11-29T10:00:01.000Z'],
    ],
    [
      'a date of three numbers',
      ['a b c 02/01/2026 10:00:00|warn|x', 'a b c 02/28/2026 10:00:00|error|x'],
      ['WARN in the order that the file shows', 'ERROR in the order that the file shows'],
    ],
    [
      'a date whose year has two digits, and not only its time of day',
      ['<<26.11.26 17:45:18>> I :: mod0 :: x', '<<30.11.26 03:21:18>> E :: mod1 :: y'],
      ['INFO 2026-11-26T17:45:18.000Z', 'ERROR 2026-11-30T03:21:18.000Z'],
    ],
    [
      'a level in brackets, and not the word ERROR of the message',
      ['job 1 of 9 | 10:00:00 | [main thread] (warn) ERROR x', 'job 2 of 9 | 10:00:01 | [main] (info) y'],
      ['WARN 36000 s', 'INFO 36001 s'],
    ],
    ['no level', ['w x y z 2026-11-29 10:00:00 done'], ['NONE 2026-11-29T10:00:00.000Z']],
    ['lines of a stack trace', ['Caused by: java.lang.X', 'java.lang.Y: z'], ['none']],
    ['prose', ['hello', 'at 10:00:00 it rained', 'world'], ['none']],
    ['hostile bytes', ['\u0000\u001b[31m\ufffd"(((', '[[[['], ['none']],
  ])('reads %s', (_, lines, expected) => {
    expect(readAs(...lines)).toEqual(expected);
  });
});
