import fc from 'fast-check';
import { planFiles, type FoundFile, type Known } from '../../../../src/ingestion/rotation/lineages';
import { maybeSuccessors } from '../../../../src/ingestion/rotation/successors';

/**
 * A host's folder as a model: files with lines, and every way to rotate them. The reader of the model reads each part of each
 * lineage in order, and remembers how many lines of it it has read.
 */
interface ModelFile {
  readonly id: string;
  readonly lines: readonly string[];
  readonly mtimeMs: number;
}

type Style = 'rename' | 'inside' | 'dated' | 'datedInside' | 'copy' | 'compress';
type Step = 'write' | 'scan' | { readonly rotate: Style };

/** A log is either copied or renamed: no configuration does both. */
const steps = fc.oneof(
  stepsOf('copy'),
  stepsOf('rename', 'compress'),
  stepsOf('rename', 'inside', 'dated', 'datedInside', 'compress'),
);

function stepsOf(...styles: readonly Style[]): fc.Arbitrary<Step[]> {
  const rotate = fc.constantFrom(...styles).map((style): Step => ({ rotate: style }));
  return fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Step>('write') },
      { weight: 2, arbitrary: fc.constant<Step>('scan') },
      { weight: 2, arbitrary: rotate },
    ),
    { maxLength: 30 },
  );
}

class Host {
  readonly files = new Map<string, ModelFile>();
  readonly written: string[] = [];
  private clock = 1;
  private ids = 0;

  write(): void {
    const line = `line ${this.written.length}`;
    this.written.push(line);
    const log = this.files.get('/l/app.log');
    const lines = [...(log?.lines ?? []), line];
    this.files.set('/l/app.log', { id: log?.id ?? this.newId(), lines, mtimeMs: this.tick() });
  }

  rotate(style: Style): void {
    const log = this.files.get('/l/app.log');
    if (log === undefined) return;
    const day = `2026-11-${String(10 + (this.clock % 20)).padStart(2, '0')}-${this.clock}`;
    if (style === 'dated' || style === 'datedInside') {
      this.files.set(style === 'dated' ? `/l/app.log-${day}` : `/l/app.${day}.log`, log);
    } else {
      const name = style === 'inside' ? (n: number) => `/l/app.${n}.log` : (n: number) => `/l/app.log.${n}`;
      for (let n = 40; n > 0; n--) {
        for (const end of ['', '.gz']) {
          const older = this.files.get(name(n) + end);
          if (older === undefined) continue;
          this.files.delete(name(n) + end);
          this.files.set(name(n + 1) + end, older);
        }
      }
      if (style === 'copy') this.files.set(name(1), { ...log, id: this.newId(), mtimeMs: this.tick() });
      else if (style === 'compress') this.files.set(`${name(1)}.gz`, { ...log, id: this.newId() });
      else this.files.set(name(1), log);
    }
    if (style === 'copy') this.files.set('/l/app.log', { ...log, lines: [], mtimeMs: this.tick() });
    else this.files.delete('/l/app.log');
  }

  found(): FoundFile[] {
    return [...this.files].map(([path, { id, lines, mtimeMs }]) => ({
      ...{ path, file: id, size: lines.length, mtimeMs },
      asked: 'matched',
    }));
  }

  linesOf(file: string): readonly string[] {
    return [...this.files.values()].find(({ id }) => id === file)?.lines ?? [];
  }

  private tick(): number {
    return (this.clock += 1);
  }

  private newId(): string {
    return `i${(this.ids += 1)}`;
  }
}

describe('the plan of which files are the content of which log', () => {
  it('has each line in one log exactly once, or reports it, for any chain of rotations', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (plan, canUnpack) => {
        const host = new Host();
        const read: string[] = [];
        const keys = new Set<string>();
        const done = new Map<string, number>();
        let known: Known = { lineages: new Map(), passed: new Set() };
        let content: readonly string[] = [];
        let reports = 0;
        let gaps = 0;
        const scan = (): void => {
          const isReplaced = (file: string): boolean => {
            const part = [...known.lineages.values()].flat().find((known) => known.file === file);
            const first = host.linesOf(file)[0];
            return part !== undefined && (firstLines.get(part.id) ?? first) !== first;
          };
          const pairs = maybeSuccessors(known, host.found(), isReplaced, () => false);
          const next = planFiles(known, host.found(), {
            isReplaced,
            canUnpack: () => canUnpack,
            successorOf: (_, { id }) =>
              pairs.find(({ part, file }) => {
                const seen = seenLines.get(id) ?? [];
                return canUnpack && part.id === id && seen.every((line, i) => host.linesOf(file.file)[i] === line);
              })?.file,
            startsAlike: (path, other) => {
              const [a, b] = [host.files.get(path)?.lines[0], host.files.get(other)?.lines[0]];
              return a === undefined || b === undefined || a === b;
            },
          });
          known = next;
          gaps += [...known.lineages.values()].flat().filter(({ gap }) => gap !== null).length;
          reports += next.leftOut.length;
          for (const [path, parts] of known.lineages) {
            keys.add(path);
            for (const { id, file } of parts) {
              const lines = host.linesOf(file);
              if (lines[0] !== undefined) firstLines.set(id, lines[0]);
              seenLines.set(id, lines);
              // The proof: an object that begins with the content read last continues it.
              const isAppend = content.length > 0 && content.every((line, i) => lines[i] === line);
              const from = done.get(id) ?? (isAppend ? content.length : 0);
              read.push(...lines.slice(from));
              done.set(id, Math.max(from, lines.length));
              content = lines;
            }
          }
        };
        const firstLines = new Map<string, string>();
        const seenLines = new Map<string, readonly string[]>();
        host.write();
        scan();
        for (const step of plan) {
          if (step === 'write') host.write();
          else if (step === 'scan') scan();
          else host.rotate(step.rotate);
        }
        host.write();
        scan();
        scan();
        expect([...keys]).toEqual(['/l/app.log']);
        expect(read).toEqual([...new Set(read)]);
        const missing = host.written.filter((line) => !read.includes(line));
        if (canUnpack) expect(gaps).toBe(0);
        if (reports + gaps === 0 || canUnpack) expect(missing).toEqual([]);
        // In the order of writing.
        expect(read).toEqual(host.written.filter((line) => read.includes(line)));
      }),
      { numRuns: 500 },
    );
  });
});
