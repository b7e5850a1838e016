/** The languages whose traces have a shape of their own; '' is that of `at` frames: Java, Kotlin, Scala, Node.js, .NET. */
const languages = ['', 'python', 'go', 'ruby', 'php', 'rust'] as const;
export type TraceLanguage = (typeof languages)[number];

export function isTraceLanguage(value: unknown): value is TraceLanguage {
  return languages.some((language) => language === value);
}

/** The facts that the lines of a stack trace have told so far. Part of the job's state, so it is small. */
export interface Trace {
  /** An exception named in the ERROR line itself; it counts when no continuation line names one before the first frame. */
  readonly guess: string | null;
  /** Type of the exception that is read at present. */
  readonly type: string | null;
  /** Its first frame of the user's own code. */
  readonly frame: string | null;
  readonly language: TraceLanguage;
  /** `type at frame` of the exceptions before it, when this one has no frame of the user's own code. */
  readonly best: string | null;
  /** Go: a function whose file stands in the next line. */
  readonly pending: string | null;
  /** Java: lines that are indented as deep as this belong to a suppressed exception; -1 outside of one. */
  readonly skipFrom: number;
  /** The root cause is known: further lines change nothing. */
  readonly closed: boolean;
}

export const emptyTrace: Trace = {
  guess: null,
  type: null,
  frame: null,
  language: '',
  best: null,
  pending: null,
  skipFrom: -1,
  closed: false,
};

/** Names are cut. */
const maxNameLength = 150;

export function short(name: string): string {
  return name.slice(0, maxNameLength);
}

/** The name of a file, without its folders. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** `type at frame` of the exception that is read at present; null as long as one of them is unknown. */
export function sectionPattern({ type, frame }: Trace): string | null {
  return type === null || frame === null ? null : `${type} at ${frame}`;
}

/** The trace at the beginning of another exception. */
export function nextSection(trace: Trace, type: string | null): Trace {
  return {
    ...trace,
    best: sectionPattern(trace) ?? trace.best,
    type: type === null ? null : short(type),
    frame: null,
    skipFrom: -1,
  };
}
