import { Level, LineFlag, type LineBatch } from './line-batch';
import { LineParser, type ReadingContext } from './line-parser';
import { initialReadingState } from './reading-state';
import { RecognitionCounter } from './recognition-counter';
import { endedRecognition, mergeRecognitions, type Recognition } from './recognition';
import { TimestampKind } from './timestamps';

/** A line, and what it was read as. */
export interface SeenLine {
  /** Its number, from 1 on. */
  readonly line: number;
  /** At most {@link SHOWN_BYTES} bytes, as UTF-8. It may hold control characters. */
  readonly text: string;
}

/** A line that is a record. */
export interface SeenRecord extends SeenLine {
  readonly level: Level;
  /** Epoch milliseconds. */
  readonly time: number;
}

/** Lines of one form, inside one wrapper. */
export interface FoundForm {
  readonly name: string;
  readonly wrapper: string | null;
  readonly lines: number;
  /** Records by {@link Level}. */
  readonly levels: readonly number[];
  /** Records with a timestamp that names no zone. */
  readonly zoneless: number;
  /** Records without a timestamp. */
  readonly unstamped: number;
  /** Records whose timestamp is after the last change of their file. */
  readonly future: number;
  readonly first: SeenRecord | null;
}

/** Lines that continue a record. */
export interface Continuation {
  readonly lines: number;
  /** Those that begin with neither a blank nor the end of the line: in stack traces these are few. */
  readonly unindented: number;
  readonly firstUnindented: SeenLine | null;
}

/** What the lines of a file, or of several, were read as. */
export interface FoundForms {
  readonly forms: readonly FoundForm[];
  readonly continuation: Continuation;
  /** How well they were understood, as the producer counts it. Without a run: it is at the end of the file. */
  readonly recognition: Recognition;
  /** The first unparsed lines and unindented continuations, at most {@link SAMPLES}. */
  readonly samples: readonly Buffer[];
}

const SHOWN_BYTES = 200;
const SAMPLES = 50;
const SAMPLE_BYTES = 400;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Growing = Omit<Mutable<FoundForm>, 'levels'> & { readonly levels: number[] };

/** Counts the lines of a file by the form in which they are read. Reads every line of the scanner's batches again. */
export class FormTally {
  private readonly parser: LineParser;
  private readonly forms = new Map<string, Growing>();
  private readonly continuation: Mutable<Continuation> = {
    lines: 0,
    unindented: 0,
    firstUnindented: null,
  };
  private readonly samples: Buffer[] = [];
  private readonly recognition = new RecognitionCounter();
  private lines = 0;

  /**
   * @param context that of the scanner
   * @throws CONFIG when the zone is unknown
   */
  constructor(context: ReadingContext) {
    this.parser = new LineParser(context, initialReadingState);
  }

  /** Adds the next batch of the file. */
  add({ bytes, count, starts, ends, flags }: LineBatch): void {
    for (let i = 0; i < count; i++) {
      if (((flags[i] ?? 0) & LineFlag.CUT_REST) !== 0) this.parser.parseContinuation();
      else this.addLine(bytes, starts[i] ?? 0, ends[i] ?? 0);
    }
  }

  found(): FoundForms {
    const { continuation, samples } = this;
    const recognition = endedRecognition(this.recognition.state());
    return { forms: [...this.forms.values()], continuation, recognition, samples };
  }

  private addLine(bytes: Buffer, start: number, end: number): void {
    const { parser } = this;
    parser.parse(bytes, start, end);
    this.recognition.add(parser, bytes, start, end);
    this.lines++;
    const seen = (): SeenLine => ({ line: this.lines, text: textOf(bytes, start, end) });
    if (parser.form !== null) {
      this.addToForm(parser.form, seen);
    } else if (parser.level === Level.CONT) {
      // What a container wrote around a line hides its indent.
      const isIndented = parser.wrapper !== null || beginsBlank(bytes, start, end);
      this.addContinuation(isIndented, seen, () => this.sample(bytes, start, end));
    } else {
      this.sample(bytes, start, end);
    }
  }

  private addToForm(name: string, seen: () => SeenLine): void {
    const { level, time, flags, wrapper, timestampKind: kind } = this.parser;
    const key = `${wrapper ?? ''} ${name}`;
    let form = this.forms.get(key);
    if (form === undefined) {
      const levels = [0, 0, 0, 0, 0];
      form = { name, wrapper, lines: 0, levels, zoneless: 0, unstamped: 0, future: 0, first: null };
      this.forms.set(key, form);
    }
    form.lines++;
    // The header of a log with columns.
    if (level === Level.CONT) return;
    form.levels[level] = (form.levels[level] ?? 0) + 1;
    if (kind === TimestampKind.NONE) form.unstamped++;
    else if (kind !== TimestampKind.ABSOLUTE) form.zoneless++;
    if ((flags & LineFlag.FUTURE) !== 0) form.future++;
    form.first ??= { ...seen(), level, time };
  }

  private addContinuation(isIndented: boolean, seen: () => SeenLine, sample: () => void): void {
    const { continuation } = this;
    continuation.lines++;
    if (isIndented) return;
    continuation.unindented++;
    continuation.firstUnindented ??= seen();
    sample();
  }

  private sample(bytes: Buffer, start: number, end: number): void {
    if (end === start || this.samples.length >= SAMPLES) return;
    this.samples.push(Buffer.from(bytes.subarray(start, Math.min(end, start + SAMPLE_BYTES))));
  }
}

function beginsBlank(bytes: Buffer, start: number, end: number): boolean {
  return start === end || bytes[start] === 32 || bytes[start] === 9;
}

function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, Math.min(end, start + SHOWN_BYTES));
}

/** The forms of several files together; first lines are those of the first file that has one. */
export function mergeForms(a: FoundForms, b: FoundForms): FoundForms {
  const others = b.forms.filter((form) => !a.forms.some((known) => isSame(known, form)));
  return {
    forms: [
      ...a.forms.map((form) => {
        const same = b.forms.find((other) => isSame(form, other));
        return same === undefined ? form : mergeForm(form, same);
      }),
      ...others,
    ],
    continuation: {
      lines: a.continuation.lines + b.continuation.lines,
      unindented: a.continuation.unindented + b.continuation.unindented,
      firstUnindented: a.continuation.firstUnindented ?? b.continuation.firstUnindented,
    },
    recognition: mergeRecognitions(a.recognition, b.recognition),
    samples: [...a.samples, ...b.samples].slice(0, SAMPLES),
  };
}

function isSame(a: FoundForm, b: FoundForm): boolean {
  return a.name === b.name && a.wrapper === b.wrapper;
}

function mergeForm(a: FoundForm, b: FoundForm): FoundForm {
  return {
    ...a,
    lines: a.lines + b.lines,
    levels: a.levels.map((count, level) => count + (b.levels[level] ?? 0)),
    zoneless: a.zoneless + b.zoneless,
    unstamped: a.unstamped + b.unstamped,
    future: a.future + b.future,
    first: a.first ?? b.first,
  };
}
