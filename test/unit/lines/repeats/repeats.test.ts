import fc from 'fast-check';
import { linesOf } from '../../../support/lines';
import { RepeatingSource, type Published } from '../../../support/ingestion/repeating-source';
import { emptySketch, type SketchState } from '../../../../src/lines/repeats/sketch';
import { SketchBuilder } from '../../../../src/lines/repeats/sketch-builder';

const DAY = Date.parse('2026-10-27T00:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const UPLOADED = DAY + 24 * 60 * MINUTE;

const stamped = (time: number, text: string): string =>
  `${new Date(time).toISOString().slice(0, 23).replace('T', ' ').replace('.', ',')} [main] ERROR a.B - ${text}`;
const at = (second: number, text = `message ${second}`): string => stamped(DAY + second * SECOND, text);
const range = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => at(from + i));
const file = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
/** The lines that count. */
const counted = (lines: readonly Published[]): string[] => lines.flatMap(({ text, again }) => (again ? [] : [text]));

/** Reads the files one after the other as uploads of one source; returns what counts of the last. */
async function lastOf(...files: readonly (readonly string[])[]): Promise<string[]> {
  const source = new RepeatingSource();
  let last: Published[] = [];
  for (const [i, lines] of files.entries()) last = await source.upload(file(lines), UPLOADED + i);
  return counted(last);
}

describe('a file that is rotated', () => {
  it.each<[string, string[], string[]]>([
    ['is a little older: a slow thread', [at(500), at(501)], [at(499, 'slow'), at(502)]],
    ['is older: the clock was set back', range(1800, 1810), [at(720, 'boom')]],
    ['is the hour that comes twice', range(7000, 7100), range(3500, 3600).map((line) => `${line} again`)],
    ['begins with a line equal to the last one', [at(1), at(2)], [at(2), at(3)]],
    ['has no timestamp', ['ERROR timeout', 'ERROR timeout', at(5)], ['ERROR timeout', 'ERROR timeout', at(6)]],
    ['follows a copytruncate', range(0, 700), range(700, 1400)],
  ])('counts each line when its first part %s', async (_, before, after) => {
    expect(await lastOf(before, after)).toEqual(after);
  });

  it('counts identical lines as often as they are new', async () => {
    const [beat, other] = [at(7, 'timeout'), at(7, 'other')];
    expect(await lastOf([at(6), beat, beat, other], [at(6), beat, beat, beat, beat, other])).toEqual([beat]);
  });

  it('needs no sketch when all of its lines are newer', async () => {
    const source = new RepeatingSource();
    await source.upload(file(range(0, 1000)), UPLOADED);
    await source.upload(file(range(1000, 1010)), UPLOADED + 1);
    expect(source.lookups).toBe(0);
  });
});

describe('a file that is rewritten', () => {
  const all = range(0, 5_000);
  const edited = (index: number, lines = all): string[] =>
    lines.map((line, i) => (i === index ? `${line} edited` : line));

  it.each<[string, string[], string[], string[]]>([
    ['one edited line of three', range(0, 3), edited(1, range(0, 3)), [`${at(1)} edited`]],
    ['one edited line near its end', all, edited(4_700), [`${at(4_700)} edited`]],
    ['one more line', range(0, 9), range(0, 10), [at(9)]],
    ['one more line at its start', range(1, 9), range(0, 9), [at(0)]],
    ['its beginning cut off', range(0, 300), range(290, 300), []],
    ['its beginning cut off, and a new line', range(0, 300), range(290, 301), [at(300)]],
    ['nothing changed but its first line', all, edited(0), [`${at(0)} edited`]],
  ])('counts only new lines in %s', async (_, before, after, expected) => {
    const new_ = await lastOf(before, after);
    // Far from the end, the run of an edited line counts, too.
    expect(new_.slice(0, expected.length)).toEqual(expected);
    expect(new_.length - expected.length).toBeLessThan(600);
  });

  it('counts the lines of one run when an old line was edited', async () => {
    const new_ = await lastOf(all, edited(100));
    expect(new_).toContain(`${at(100)} edited`);
    // 4,900 lines from its end: in a run of some 64 lines.
    expect(new_.length).toBeLessThan(300);
  });

  it('counts nothing when all of it comes again, after other files', async () => {
    expect(await lastOf(all, range(5_000, 5_400), all)).toEqual([]);
    expect(await lastOf(all, range(5_000, 5_400), range(5_400, 9_000), all)).toEqual([]);
  });

  it('counts nothing of what continues in another upload', async () => {
    const source = new RepeatingSource();
    await source.upload(file(all), UPLOADED);
    const rewritten = [at(0, 'head'), ...all];
    for (const to of [100, 101, 1_500, 4_000, 5_001]) {
      const lines = counted(await source.upload(file(rewritten.slice(0, to)), UPLOADED + to));
      expect(lines.filter((line) => line !== at(0, 'head')).length).toBeLessThan(200);
    }
    expect(counted(await source.upload(file([...rewritten, at(6_000)]), UPLOADED + 9_000))).toEqual([at(6_000)]);
  });

  it('counts nothing twice after a day of silence has trimmed its checkpoint', async () => {
    const source = new RepeatingSource();
    await source.upload(file(range(0, 40)), UPLOADED);
    source.trim();
    await source.upload(file(range(0, 45)), UPLOADED + 1);
    source.trim();
    expect(counted(await source.upload(file(edited(10, range(0, 46))), UPLOADED + 2))).toEqual([
      `${at(10)} edited`,
      at(45),
    ]);
  });

  it('gives the continuation lines of a record the mark of their record', async () => {
    const trace = (second: number): string[] => [at(second), '\tat a.B.c(B.java:1)', '\tat a.B.d(B.java:2)'];
    const before = [0, 1, 2, 3].flatMap(trace);
    const after = [...trace(0), at(1, 'new'), '\tat a.B.c(B.java:1)', ...trace(2), ...trace(3)];
    expect(await lastOf(before, after)).toEqual([at(1, 'new'), '\tat a.B.c(B.java:1)']);
  });
});

/** An edit of a log file. New lines have a text that no line had before. */
type Edit =
  | { readonly kind: 'append'; readonly lines: number; readonly backMs: number }
  | { readonly kind: 'rotate' | 'restore' | 'trim' | 'same' }
  | { readonly kind: 'edit' | 'cut'; readonly place: number };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      lines: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 700 })),
      // Threads out of order, a clock set back, the hour twice.
      backMs: fc.constantFrom(0, 0, 600, 18 * MINUTE, 60 * MINUTE),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('rotate' as const, 'restore', 'trim', 'same') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('edit' as const, 'cut'),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

describe('repeats', () => {
  it('never mark a new line, and mark the lines of small changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 2, maxLength: 12 }),
        fc.constantFrom(500, 64 * 1024),
        async (edits, chunkBytes) => {
          const source = new RepeatingSource();
          const read = new Set<string>();
          let lines: readonly string[] = [];
          let rotated: readonly string[] = [];
          let [clock, made] = [DAY, 0];
          const fresh = (time: number): string => stamped(time, `line ${made++}`);
          for (const [i, change] of edits.entries()) {
            const before = lines;
            switch (change.kind) {
              case 'append': {
                clock -= change.backMs;
                const appended = Array.from({ length: change.lines }, () => fresh((clock += 700) - (made % 5) * 300));
                lines = [...lines, ...appended];
                break;
              }
              case 'rotate':
                [rotated, lines] = [lines, [fresh((clock += 10))]];
                break;
              case 'restore':
                lines = rotated.length === 0 ? lines : rotated;
                break;
              case 'trim':
                source.trim();
                break;
              case 'same':
                break;
              case 'edit': {
                const index = Math.floor(change.place * Math.max(0, lines.length - 1));
                lines = lines.map((line, at_) => (at_ === index ? `${line} (edited ${i})` : line));
                break;
              }
              case 'cut':
                lines = lines.slice(Math.floor(change.place * lines.length));
                break;
            }
            if (lines.length === 0) continue;
            const published = await source.upload(file(lines), UPLOADED + i, chunkBytes);
            for (const { text, again } of published) if (again) expect(read).toContain(text);
            const twice = published.filter(({ text, again }) => !again && read.has(text)).length;
            if (change.kind === 'edit' || change.kind === 'cut') {
              expect(twice).toBeLessThanOrEqual(before.length <= 512 ? 2 : 600);
            }
            for (const { text } of published) read.add(text);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a sketch', () => {
  const batch = (from: number, to: number): Parameters<SketchBuilder['add']>[0] =>
    linesOf(range(from, to).map((text, i) => ({ time: DAY + (from + i) * SECOND, text })));

  it('does not depend on how the lines are cut into batches', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 299 }), { maxLength: 8 }), fc.boolean(), (cuts, takes) => {
        const whole = new SketchBuilder(emptySketch);
        whole.add(batch(0, 300));
        let state: SketchState = emptySketch;
        const bounds = [0, ...cuts.sort((a, b) => a - b), 300];
        const entries = emptySketch.levels.map((): number[] => []);
        for (const [i, from] of bounds.slice(0, -1).entries()) {
          const builder = new SketchBuilder(state);
          builder.add(batch(from, bounds[i + 1] ?? 0));
          if (takes) for (const block of builder.takeBlocks(true)) entries[block.level]?.push(...block.entries);
          state = builder.state();
        }
        state.levels.forEach(({ recent }, level) => entries[level]?.push(...recent));
        expect(entries).toEqual(whole.state().levels.map(({ recent }) => recent));
        expect(state.levels.map(({ open, end }) => ({ open, end }))).toEqual(
          whole.state().levels.map(({ open, end }) => ({ open, end })),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('takes less than 64 KiB, however much was read, and a few hundred bytes of an append', async () => {
    const source = new RepeatingSource();
    let text = file(range(0, 40_000));
    await source.upload(text, UPLOADED);
    const sizeOf = (): number => [...source.topic].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    expect(sizeOf()).toBeLessThan(64 * 1024);
    const written = source.written;
    for (let i = 0; i < 100; i++) {
      text += file(range(40_000 + i * 20, 40_020 + i * 20));
      await source.upload(text, UPLOADED + 1 + i);
    }
    expect((source.written - written) / 100).toBeLessThan(1_000);
    expect(sizeOf()).toBeLessThan(64 * 1024);
  });
});
