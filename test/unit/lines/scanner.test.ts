import { crc32c as nodeCrc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { compilePattern } from '../../../src/config/line-pattern';
import { statusLevels } from '../../../src/lines/formats/access/status';
import { customFormat } from '../../../src/lines/formats/custom';
import { afterGap, Level, LineFlag } from '../../../src/lines/line-batch';
import { decodeLines, encodeLines, maxBatchLines, maxEncodedSize } from '../../../src/lines/log-records';
import { initialReadingState } from '../../../src/lines/reading-state';
import { nextGeneration, type ScanContext, type ScannedBatch } from '../../../src/lines/scanner';
import { runs } from '../../support/runs';
import { allLines, beginning, chunksOf, context, linesOf, scan, throughJson, type Line } from './scanning';

/** A custom format: matches generated lines that a known format matches too, and some that no other does. */
const own = customFormat(compilePattern('^(?:(?<level>[A-Z])~)?(?<time>[0-9:.]+)[ ~]'), new Map([['F', Level.ERROR]]));

const byStatus = statusLevels(new Map([['5xx', Level.ERROR]]));

const texts = (batches: readonly ScannedBatch[]): string[] =>
  allLines(batches).map(({ at, text, cut }) => `${at}${cut === '' ? '' : ` ${cut}`}: ${text}`);
const scanText = (text: string, of: Parameters<typeof scan>[1] = {}): string[] =>
  texts(scan([Buffer.from(text, 'latin1')], of).batches);

/** A simple model of the expected lines, without chunks and levels. */
function expectedLines(data: Buffer, maxLineBytes: number, isEnded: boolean): string[] {
  const lines: string[] = [];
  const text = data.toString('latin1');
  let start = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
  const dropNuls = (): void => {
    lines.push(`${start} rest: `);
    while (text[start] === '\0') start += 1;
  };
  for (let lf = text.indexOf('\n', start); lf !== -1; lf = text.indexOf('\n', start)) {
    if (text[start] === '\0' && text.slice(start, lf).replace(/\r$/, '').length > maxLineBytes) dropNuls();
    const line = text.slice(start, lf).replace(/\r$/, '');
    lines.push(line.length > maxLineBytes ? `${start} head: ${line.slice(0, maxLineBytes)}` : `${start}: ${line}`);
    start = lf + 1;
  }
  const isSurelyTooLong = (tail: string): boolean =>
    tail.replace(/\r$/, '').length > maxLineBytes || tail.length > maxLineBytes + 1;
  const whole = text.slice(start);
  const isDropped = isSurelyTooLong(whole) || (isEnded && (whole.length > maxLineBytes || /^\0+$/.test(whole)));
  if (isDropped && whole.startsWith('\0')) dropNuls();
  const tail = text.slice(start);
  if (isSurelyTooLong(tail) || (isEnded && tail.length > maxLineBytes))
    lines.push(`${start} head: ${tail.slice(0, maxLineBytes)}`);
  else if (isEnded && tail !== '') lines.push(`${start} tail: ${tail}`);
  return lines;
}

const clock = fc.nat({ max: 86_399_999 }).map((ms) => new Date(ms).toISOString().slice(11, 23));
const nearClock = fc.constantFrom('23:59:59.000', '00:00:00.500', '10:00:00.000', '10:00:00.001');
const level = fc.constantFrom('ERROR', 'WARN', 'INFO', 'DEBUG', 'AUDIT');
const text = fc.oneof(
  fc.tuple(fc.oneof(clock, nearClock), level).map(([stamp, word]) => `${stamp} [main] ${word} a.B - x`),
  fc.tuple(clock, fc.constantFrom('', 'F~', 'I~')).map(([stamp, word]) => `${word}${stamp}~x`),
  fc.tuple(clock, level).map(([stamp, word]) => `2021-10-1${Number(stamp.slice(-1)) % 9} ${stamp} ${word} x`),
  fc.constantFrom(
    '',
    '\tat a.B.c(B.java:1)',
    '\u00ef\u00bb\u00bf',
    '\r',
    'Oct 17 10:00:00 host x',
    '{"time":1634510593379}',
    '{"level":"error","msg":"x"}',
    '{"level":"error","time":1634510593380,"msg":"x"',
    '{"log":"10:00:00.000 [a] ERROR x\\n","time":1634464800123}',
    '{"log":"\\tat a.B\\n","time":"2021-10-17T10:00:01Z"}',
    '{"log":"ERROR: x\\n","time":"2021-10-17T10:00:02Z"}',
    'level=error msg=x',
    'ts=2021-10-17T10:00:00Z level=warn',
    '#Fields: date time sc-status',
    '#Fields: time date',
    '#Date: 2021-10-16',
    '2021-10-17 10:00:00 500',
    '10:00:00 2021-10-17',
    '10.0.0.7 - - [17/Oct/2021:10:00:00 +0100] "GET /" 500 1',
  ),
  fc.nat({ max: 200 }).map((length) => 'y'.repeat(length)),
  fc
    .tuple(
      fc.integer({ min: 1, max: 130 }),
      fc.constantFrom('', '\r', '10:00:00.000 [main] ERROR a.B - x', 'y'.repeat(59)),
    )
    .map(([nuls, line]) => '\0'.repeat(nuls) + line),
  fc.integer({ min: 57, max: 64 }).map((length) => '10:00:00.000 [main] ERROR '.padEnd(length, 'z')),
);
const terminator = fc.constantFrom('\n', '\n', '\r\n');
const file = fc
  .tuple(
    fc.constantFrom('', '\u00ef\u00bb\u00bf'),
    fc.array(
      fc.tuple(text, terminator).map(([line, end]) => line + end),
      { maxLength: 30 },
    ),
    fc.oneof(text, fc.constant('')),
  )
  .map(([bom, lines, tail]) => Buffer.from(bom + lines.join('') + tail, 'latin1'));

/** A file and its cuts into chunks. */
const cutFile = file.chain((data) =>
  fc.record({
    data: fc.constant(data),
    cuts: fc.oneof(
      fc.uniqueArray(fc.nat({ max: data.length }), { maxLength: 12 }),
      fc.constant(Array.from({ length: data.length }, (_, i) => i)),
    ),
  }),
);

/** An earlier generation whose lines some of the generated ones repeat. */
const earlier = nextGeneration(
  scan([Buffer.from('09:00:00.000 [main] INFO a.B - x\n10:00:00.000 [main] ERROR a.B - x\n')]).position.reading,
);

describe('lines', () => {
  it('end only with LF or CR LF', () => {
    expect(scanText('a\nb\r\n\n\r\nc\rd\n\r\r\ne')).toEqual(['0: a', '2: b', '5: ', '6: ', '8: c\rd', '12: \r']);
  });

  it('keep their bytes in any encoding', () => {
    expect(scanText('\xff\xfe\x00\xc3\n')).toEqual(['0: \xff\xfe\x00\xc3']);
  });

  it('follow a BOM, which is dropped only at the start of a generation', () => {
    const { batches } = scan([Buffer.from('\ufeffa\n\ufeffb\n')]);
    expect(texts(batches)).toEqual(['3: a', '5: \u00ef\u00bb\u00bfb']);
    expect(batches[0]).toMatchObject({ from: 0, to: 10, publishedBytes: 7, droppedBytes: 3 });
  });

  it('are held until their terminator arrives', () => {
    const { batches, position } = scan([Buffer.from('a\nb'), Buffer.from('c')]);
    expect(texts(batches)).toEqual(['0: a']);
    expect(position).toMatchObject({ offset: 2, held: Buffer.from('bc') });
    const rest = scan([Buffer.from('d\n')], { start: position });
    expect(texts(rest.batches)).toEqual(['2: bcd']);
    expect(rest.batches[0]).toMatchObject({ from: 2, to: 6 });
  });

  it('are cut at once when too long, and the rest is dropped with its terminator', () => {
    const long = 'x'.repeat(100);
    const { batches, position } = scan([Buffer.from(long), Buffer.from(long), Buffer.from('yy\r\nb\n')]);
    expect(texts(batches)).toEqual([`0 head: ${long.slice(0, 60)}`, '204: b']);
    expect(
      batches.map(({ from, to, publishedBytes, droppedBytes }) => [from, to, publishedBytes, droppedBytes]),
    ).toEqual([
      [0, 100, 60, 40],
      [100, 200, 0, 100],
      [200, 206, 2, 4],
    ]);
    expect(position).toMatchObject({ offset: 206, reading: { openCut: null } });
  });

  it('are whole at exactly the maximum length, with any terminator', () => {
    const line = 'x'.repeat(60);
    expect(scanText(`${line}\n${line}\r\n`)).toEqual([`0: ${line}`, `61: ${line}`]);
    expect(scanText(`${line}\r`)).toEqual([]);
    expect(scanText(`${line}\ry`)).toEqual([`0 head: ${line}`]);
    const ended = scan([Buffer.from(`${line}\r`)], { isEnded: true });
    expect(texts(ended.batches)).toEqual([`0 head: ${line}`]);
    expect(scanText('y\nb\n', { start: ended.position })).toEqual(['63: b']);
  });

  it('lose the NULs before them when these make them too long, also longer than any chunk', () => {
    const line = '10:00:00.000 [main] ERROR a.B - x';
    const hole = '\0'.repeat(300);
    const data = Buffer.from(`a\n${hole}${line}\n${hole}\n\0b\n`);
    const whole = scan([data]);
    expect(texts(whole.batches)).toEqual(['0: a', '2 rest: ', `302: ${line}`, '336 rest: ', '636: ', '637: \0b']);
    expect(allLines(whole.batches).map((each) => each.level)).toEqual(['RAW', 'RAW', 'ERROR', 'CONT', 'CONT', 'CONT']);
    expect(whole.batches.map(({ droppedBytes }) => droppedBytes)).toEqual([600]);
    for (const size of [1, 7, 61, 100]) {
      const cuts = Array.from({ length: Math.ceil(data.length / size) }, (_, i) => i * size);
      expect(texts(scan(chunksOf(data, cuts)).batches)).toEqual(texts(whole.batches));
    }
  });

  it('are not made of NULs at the end; a line that follows them later is whole', () => {
    const first = scan([Buffer.from('a\n\0\0\0')], { isEnded: true });
    expect(texts(first.batches)).toEqual(['0: a', '2 rest: ']);
    expect(first.position).toMatchObject({ offset: 5, reading: { openCut: 'hole' } });
    const second = scan([Buffer.from('\0\0'), Buffer.from('\0b\n')], { start: throughJson(first.position) });
    expect(texts(second.batches)).toEqual(['8: b']);
  });

  it('holds no hole in memory', () => {
    const chunk = Buffer.alloc(1_000);
    const { position } = scan(Array.from({ length: 100 }, () => chunk));
    expect(position).toMatchObject({ offset: 100_000, held: Buffer.alloc(0), reading: { openCut: 'hole' } });
  });

  it('continue as a rest after they were published as a tail, without effect on later lines', () => {
    const first = scan([Buffer.from('10:00:00 [a] ERROR x\nab')], { isEnded: true });
    expect(texts(first.batches)).toEqual(['0: 10:00:00 [a] ERROR x', '21 tail: ab']);
    expect(first.position).toMatchObject({ offset: 23, reading: { openCut: 'tail' } });

    const start = throughJson(first.position);
    const second = scan([Buffer.from('09:00:00 [a] INFO x\r\nd\n')], { start });
    expect(texts(second.batches)).toEqual(['23 rest: 09:00:00 [a] INFO x', '44: d']);
    expect(allLines(second.batches).map((line) => line.level)).toEqual(['CONT', 'CONT']);
    expect(second.position.reading.openCut).toBeNull();

    const onlyTerminator = scan([Buffer.from('\r\ne\n')], { start });
    expect(texts(onlyTerminator.batches)).toEqual(['25: e']);
    expect(onlyTerminator.batches[0]).toMatchObject({ from: 23, to: 27, publishedBytes: 4, droppedBytes: 0 });

    const longRest = scan([Buffer.from('z'.repeat(70)), Buffer.from('z\nf\n')], { start });
    expect(texts(longRest.batches)).toEqual([`23 rest: ${'z'.repeat(60)}`, '95: f']);
  });

  it('do not exist when the content is only a BOM', () => {
    const { batches } = scan([Buffer.from('\ufeff')], { isEnded: true });
    expect(batches).toMatchObject([{ from: 0, to: 3, publishedBytes: 0, droppedBytes: 3, batch: { count: 0 } }]);
  });
});

describe('a scanner', () => {
  it('publishes the same lines for any cut into chunks and any resumption', () => {
    fc.assert(
      fc.property(
        cutFile,
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.nat({ max: 12 })),
        fc.constantFrom(
          {},
          { customFormat: own },
          { customFormat: own, zone: 'Europe/Berlin' },
          { zone: 'America/New_York' },
          { statusLevels: byStatus },
        ),
        ({ data, cuts }, isEnded, isNew, resume, of) => {
          const start = beginning(isNew ? initialReadingState : earlier);
          const whole = scan([data], { context: of, start, isEnded });
          const cut = scan(chunksOf(data, cuts), { context: of, start, isEnded, resumeAt: new Set(resume) });
          expect(allLines(cut.batches)).toEqual(allLines(whole.batches));
          expect(texts(whole.batches)).toEqual(expectedLines(data, context.maxLineBytes, isEnded));
          expect(cut.position).toEqual(whole.position);
        },
      ),
      { numRuns: runs(150) },
    );
  });

  it('accounts for every byte as published, dropped or held', () => {
    fc.assert(
      fc.property(cutFile, fc.boolean(), ({ data, cuts }, isEnded) => {
        const { batches, position } = scan(chunksOf(data, cuts), { isEnded });
        let end = 0;
        for (const { batch, from, to, publishedBytes, droppedBytes } of batches) {
          expect(from).toBe(end);
          expect(to - from).toBe(publishedBytes + droppedBytes);
          for (const { at } of linesOf(batch)) {
            expect(at).toBeGreaterThanOrEqual(from);
            expect(at).toBeLessThan(to);
          }
          end = to;
        }
        expect(position.offset).toBe(end);
        expect(end + position.held.length).toBe(data.length);
        expect(position.held.toString('latin1')).toBe(data.subarray(end).toString('latin1'));
      }),
      { numRuns: runs(150) },
    );
  });

  it('returns a state with each batch that reads the remainder the same', () => {
    fc.assert(
      fc.property(file, fc.nat({ max: 30 }), (data, pick) => {
        const small = { context: { batchBytes: 1500 } };
        const { batches } = scan([data], small);
        const chosen = batches[pick % Math.max(1, batches.length)];
        if (chosen === undefined) return;
        const start = throughJson({ offset: chosen.to, held: Buffer.alloc(0), reading: chosen.reading });
        const rest = scan([data.subarray(chosen.to)], { ...small, start });
        expect(allLines(rest.batches)).toEqual(allLines(batches.slice(batches.indexOf(chosen) + 1)));
      }),
      { numRuns: runs(100) },
    );
  });

  it('keeps encoded batches within their bounds, and they decode the same', () => {
    const crc32c = (bytes: Buffer): number => nodeCrc32c(bytes);
    fc.assert(
      fc.property(file, fc.integer({ min: 300, max: 3000 }), (data, batchBytes) => {
        for (const { batch } of scan([data], { context: { batchBytes }, isEnded: true }).batches) {
          const encoded = encodeLines(batch, 1, crc32c);
          if (batch.count > 1) expect(encoded.length).toBeLessThanOrEqual(batchBytes);
          expect(decodeLines(encoded, 0).flatMap((part) => linesOf(part.batch))).toEqual(linesOf(batch));
        }
      }),
    );
  });

  it('leaves room in its batches for the gap header', () => {
    fc.assert(
      fc.property(file, fc.integer({ min: 300, max: 3000 }), (data, batchBytes) => {
        for (const { batch } of scan([data], { context: { batchBytes }, isEnded: true }).batches) {
          const marked = afterGap(batch);
          expect([...marked.flags]).toEqual(
            [...batch.flags].map((flags, i) => (i === 0 ? flags | LineFlag.GAP : flags)),
          );
          if (batch.count > 1) expect(maxEncodedSize(marked)).toBeLessThanOrEqual(batchBytes);
        }
      }),
    );
  });

  it('puts at most 10,000 lines into a batch', () => {
    const { batches } = scan([Buffer.from('\n'.repeat(25_000))], { context: { batchBytes: 1e9 } });
    expect(batches.map(({ batch }) => batch.count)).toEqual([maxBatchLines, maxBatchLines, 5000]);
  });

  it('fits a line of 256 KiB into a batch of 900 kB', () => {
    const line = Buffer.from(`${'x'.repeat(262_144)}\n`);
    const { batches } = scan([line, line, line, line], { context: { maxLineBytes: 262_144 } });
    expect(batches.map(({ batch }) => batch.count)).toEqual([1, 1, 1, 1]);
    const together = scan([Buffer.concat([line, line, line, line])], { context: { maxLineBytes: 262_144 } });
    expect(together.batches.map(({ batch }) => batch.count)).toEqual([3, 1]);
  });

  it('marks lines that a new generation repeats', () => {
    const data = Buffer.from('10:00:00.000 [main] ERROR a.B - x\n10:00:00.000 [main] ERROR a.B - y\n');
    const { batches } = scan([data], { context: { generation: 1, repeats: [0, 1] }, start: beginning(earlier) });
    expect(allLines(batches).map(({ flags }) => flags)).toEqual([LineFlag.AGAIN, 0]);
    expect(batches[0]?.batch.generation).toBe(1);
  });
});

/** Uploads of a growing log, each read by a new scanner from the previous checkpoint. */
function upload(parts: readonly (string | Buffer)[], of: Partial<ScanContext> = {}): Line[] {
  const chunks = parts.map((part) => Buffer.from(part));
  const { batches } = scan(chunks, {
    context: { maxLineBytes: 1024, ...of },
    resumeAt: new Set(chunks.keys()),
    isEnded: false,
  });
  return allLines(batches);
}

const shown = ({ level: word, time, flags }: Line): string =>
  `${word} ${new Date(time ?? 0).toISOString().slice(0, 19)}${(flags & LineFlag.FUTURE) === 0 ? '' : ' future'}`;

describe('a log uploaded in parts', () => {
  it.each<[string, (string | Buffer)[], string[]]>([
    ['within a line', ['ab', 'c\n'], ['abc']],
    ['between CR and LF', ['ab\r', '\ncd\r', 'ef\r\n'], ['ab', 'cd\ref']],
    ['before a terminator', ['ab', '\n', '\ncd', '\r\n'], ['ab', '', 'cd']],
    ['within a UTF-8 character', [Buffer.from('a€').subarray(0, 2), Buffer.from('a€b\n').subarray(2)], ['a€b']],
    [
      'within its BOM',
      [Buffer.from([0xef]), Buffer.from([0xbb]), Buffer.from([0xbf, 0x61]), '\n\ufeffb\n'],
      ['a', '\ufeffb'],
    ],
    ['between NUL bytes', ['a\0', '\0b\n\0\n'], ['a\0\0b', '\0']],
    ['within invalid UTF-8', [Buffer.from([0xff, 0xe2]), Buffer.from([0x28, 0x0a])], ['\xff\xe2(']],
    ['into single bytes', Array.from('a\r\nb\n\r\nc'), ['a', 'b', '']],
  ])('has the same lines when cut %s', (_, parts, expected) => {
    const bytes = (line: string): string => (/[\xff]/.test(line) ? line : Buffer.from(line).toString('latin1'));
    expect(upload(parts).map(({ text: line }) => line)).toEqual(expected.map(bytes));
  });

  it('continues the stack trace of its last record, which keeps its level and time', () => {
    const parts = ['2021-10-17 11:00:00 ERROR x\njava.io.IOException: y\n\tat a.B', '.c(B.java:1)\n\tat d.E\n'];
    expect(upload(parts).map(shown)).toEqual(
      ['ERROR', 'CONT', 'CONT', 'CONT'].map((word) => `${word} 2021-10-17T11:00:00`),
    );
  });

  it('crosses midnight and back for any cut', () => {
    const clocks = ['23:58:00', '00:01:00', '23:59:00', '00:02:00', '01:30:00', '23:00:00'];
    const lines = clocks.map((stamp) => `${stamp} [main] INFO a.B - x\n`);
    const expected = [
      'INFO 2021-10-14T23:58:00',
      'INFO 2021-10-15T00:01:00',
      'INFO 2021-10-14T23:59:00',
      'INFO 2021-10-15T00:02:00',
      'INFO 2021-10-15T01:30:00',
      'INFO 2021-10-15T23:00:00',
    ];
    const fileDay = Date.parse('2021-10-14') / 86_400_000;
    expect(upload(lines, { fileDay }).map(shown)).toEqual(expected);
    expect(upload([lines.join('')], { fileDay }).map(shown)).toEqual(expected);
  });

  it('crosses a clock change in its zone', () => {
    const spring = ['01:59:59', '02:30:00', '03:00:00'].map((stamp) => `2021-03-28 ${stamp} INFO x\n`);
    const autumn = ['01:59:59', '02:30:00', '02:10:00', '03:00:00'].map((stamp) => `2020-10-25 ${stamp} INFO x\n`);
    expect(upload([...autumn, ...spring], { zone: 'Europe/Berlin' }).map(shown)).toEqual([
      'INFO 2020-10-24T23:59:59',
      // Ambiguous: use the earlier instant until the time goes back.
      'INFO 2020-10-25T00:30:00',
      'INFO 2020-10-25T01:10:00',
      'INFO 2020-10-25T02:00:00',
      'INFO 2021-03-28T00:59:59',
      // Skipped: use the previous offset.
      'INFO 2021-03-28T01:30:00',
      'INFO 2021-03-28T01:00:00',
    ]);
  });

  it('marks timestamps from the future, and their continuation in the next part', () => {
    const parts = ['2021-10-17 13:00:00 INFO x\n2021-10-17 13:00:01 ERROR x\n', '\tat y\n2021-10-17 13:00:00 INFO x\n'];
    expect(upload(parts).map(shown)).toEqual([
      'INFO 2021-10-17T13:00:00',
      'ERROR 2021-10-17T12:00:00 future',
      'CONT 2021-10-17T12:00:00 future',
      'INFO 2021-10-17T13:00:00',
    ]);
  });

  it('has RAW or continuation lines when its bytes are not text', () => {
    const noText = Buffer.from([0x00, 0xff, 0xfe, 0xc3, 0x28, 0x0a]);
    const lines = upload([noText, '2021-10-17 11:00:00 WARN \0\n', noText]);
    expect(lines.map(shown)).toEqual([
      'RAW 2021-10-17T12:00:00',
      'WARN 2021-10-17T11:00:00',
      'CONT 2021-10-17T11:00:00',
    ]);
  });

  it('holds at most maxLineBytes of an endless last line, and drops the rest', () => {
    let position = beginning();
    const seen: string[] = [];
    for (let i = 0; i < 1000; i++) {
      const { batches, position: next } = scan([Buffer.from('x'.repeat(37))], { start: throughJson(position) });
      seen.push(...texts(batches).filter((line) => line !== ''));
      position = next;
      expect(position.held.length).toBeLessThanOrEqual(context.maxLineBytes + 1);
    }
    expect(seen).toEqual([`0 head: ${'x'.repeat(60)}`]);
    expect(position).toMatchObject({ offset: 37_000, reading: { openCut: 'head' } });
    expect(scanText('x\nb\n', { start: position })).toEqual(['37002: b']);
  });
});
