import fc from 'fast-check';
import { rmSync } from 'node:fs';
import { readLines } from '../support/topics';
import { tempFolders } from '../support/temp-folder';
import { commitFaults, withCommitFaults, type CommitFault } from './decorators';
import { BUCKET, info, openPlace, type Place, type Running } from './producing';

/**
 * Whatever happens between uploads, hints, restarts and commits: the topic holds, by source and generation, exactly the
 * terminated lines of what was uploaded, in order, and of a generation that was given up its torn last line.
 */
const RUNS = Number(process.env['TELLTALE_RUNS'] ?? 12);
const SEED = Number(process.env['TELLTALE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

type Action =
  | { readonly type: 'append'; readonly source: number; readonly lines: number; readonly torn: number }
  | { readonly type: 'rewrite'; readonly source: number; readonly lines: number; readonly torn: number }
  | { readonly type: 'hint'; readonly source: number }
  | { readonly type: 'reconcile' }
  | { readonly type: 'settle' }
  | { readonly type: 'restart'; readonly how: 'drain' | 'kill' }
  | { readonly type: 'fault'; readonly fault: CommitFault };

const source = fc.nat({ max: 2 });
const upload = { source, lines: fc.nat({ max: 40 }), torn: fc.nat({ max: 20 }) };
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('append' as const), ...upload }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('rewrite' as const), ...upload }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('hint' as const), source }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reconcile' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'settle' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('restart' as const),
      how: fc.constantFrom('drain' as const, 'kill' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('fault' as const), fault: fc.constantFrom(...commitFaults) }) },
);

const keys = ['web-1/app.log', 'web-1/db.log', 'web-2/app.log'];

/** What the topic should hold: the content of each generation of each source. */
class Model {
  private readonly generations = keys.map(() => ['']);
  private second = 0;

  append(source: number, lines: number, torn: number): void {
    const all = this.of(source);
    all.push((all.pop() ?? '') + this.text(lines, torn));
  }

  /** Begins unlike anything before, so that nobody can take it for an append. */
  rewrite(source: number, lines: number, torn: number): void {
    this.of(source).push(this.text(lines + 1, torn));
  }

  content(source: number): string {
    return this.of(source).at(-1) ?? '';
  }

  /** The lines as {@link readLines} gives them. */
  lines(): Record<string, string[]> {
    const expected = keys.map((key, source) => {
      const all = this.of(source);
      return [`${BUCKET}/${key}`, all.flatMap((content, i) => linesOf(content, i, i < all.length - 1))] as const;
    });
    return Object.fromEntries(expected.filter(([, lines]) => lines.length > 0));
  }

  private text(lines: number, torn: number): string {
    const whole = Array.from({ length: lines }, () => `${info(this.second++)}\n`).join('');
    return whole + info(this.second++).slice(0, torn);
  }

  private of(source: number): string[] {
    return this.generations[source] ?? [];
  }
}

function linesOf(content: string, generation: number, isOver: boolean): string[] {
  const lines = content.split('\n');
  const torn = lines.pop() ?? '';
  let offset = 0;
  const named = lines.map((line) => {
    const name = `${generation}:${offset} ${line}`;
    offset += line.length + 1;
    return name;
  });
  return isOver && torn !== '' ? [...named, `${generation}:${offset} ${torn} {CUT_TAIL}`] : named;
}

/** A schedule in progress. */
class Run {
  private readonly model = new Model();
  private readonly uploaded = new Set<number>();
  private readonly faults: CommitFault[] = [];
  private running: Running;

  constructor(private readonly place: Place) {
    this.running = this.start();
  }

  async take(action: Action): Promise<void> {
    switch (action.type) {
      case 'append':
        this.model.append(action.source, action.lines, action.torn);
        await this.put(action.source);
        break;
      case 'rewrite':
        // What nobody read before it was replaced is lost, and rightly so: here everything is read.
        await this.running.reconcile();
        if (this.uploaded.has(action.source)) this.model.rewrite(action.source, action.lines, action.torn);
        else this.model.append(action.source, action.lines, action.torn);
        await this.put(action.source);
        await this.running.reconcile();
        break;
      case 'hint':
        this.running.hint(keys[action.source] ?? '');
        break;
      case 'reconcile':
        await this.running.reconcile();
        break;
      case 'settle':
        await this.running.settle();
        break;
      case 'restart':
        if (action.how === 'drain') await this.running.producer.drain(10_000);
        await this.running.kill();
        this.running = this.start();
        break;
      case 'fault':
        // A publisher gives up after five failures within a minute.
        if (this.faults.length < 2) this.faults.push(action.fault);
        break;
    }
  }

  async check(): Promise<void> {
    await this.running.reconcile();
    expect(this.running.failures).toEqual([]);
    expect(await readLines(this.place.log)).toEqual(this.model.lines());
  }

  private async put(source: number): Promise<void> {
    const content = this.model.content(source);
    if (content === '' && this.uploaded.has(source)) return;
    await this.place.put(keys[source] ?? '', content);
    if (content !== '') this.uploaded.add(source);
  }

  private start(): Running {
    const { scan, log } = this.place.options;
    return this.place.start({
      log: withCommitFaults(log, () => this.faults.shift() ?? null),
      scan: { ...scan, batchBytes: 700 },
      concurrency: 2,
      credit: 2,
    });
  }
}

describe('the producer under any schedule', () => {
  const folders = tempFolders();

  it(`publishes every terminated line once and in order (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const folder = folders.make();
        const place = await openPlace(folder);
        try {
          const run = new Run(place);
          for (const next of actions) await run.take(next);
          await run.check();
        } finally {
          await place.close();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  });
});
