/**
 * Stack traces, line by line: the exception's type and the first frame of the user's own code, below any library's
 * frames. Java, Scala and .NET (`at a.b.C.d(C.java:1)`), Node.js (`at f (/app/x.js:1:2)`) and Python (`File "x.py", line 1,
 * in f`, where the frame nearest to the raise comes last). Line numbers change with each release, so they are left out.
 */
export interface Trace {
  /** An exception named in the ERROR line itself; it counts when no continuation line names one before the first frame. */
  readonly guess: string | null;
  readonly type: string | null;
  readonly frame: string | null;
  /** True inside a Python traceback, whose type comes last. */
  readonly python: boolean;
}

/** Names are cut: open traces are part of the job's state. */
const maxNameLength = 150;

/** The trace that may follow an ERROR line, as far as that line begins it. */
export function beginTrace(errorLine: string): Trace {
  const words = errorLine.match(/[\w$.]+:?/g) ?? [];
  const named = words.find((word) => /\w(?:Exception|Error|Throwable)\.?:?$/.test(word) || word === 'Error:');
  return {
    guess: named === undefined ? null : short(named.replace(/[.:]{1,2}$/, '')),
    type: null,
    frame: null,
    python: false,
  };
}

/** The trace after one more continuation line; the same object when the line adds nothing. */
export function readTraceLine(trace: Trace, line: string): Trace {
  if (line.startsWith('Traceback (most recent call last)')) return { ...trace, type: null, frame: null, python: true };
  return trace.python ? readPythonLine(trace, line) : readFrameLine(trace, line);
}

/** `type at frame`, or null as long as one of them is unknown. */
export function stackTracePattern(trace: Trace): string | null {
  if (trace.python || trace.type === null || trace.frame === null) return null;
  return `${trace.type} at ${trace.frame}`;
}

function readPythonLine(trace: Trace, line: string): Trace {
  const frame = /^\s+File "([^"]+)", line \d+, in (.+)$/.exec(line);
  if (frame !== null) {
    const [, file = '', name = ''] = frame;
    return pythonLibrary.test(file) ? trace : { ...trace, frame: short(`${name} (${baseName(file)})`) };
  }
  const type = /^([A-Za-z_][\w.]*)(?::|$)/.exec(line);
  return type === null ? trace : { ...trace, type: short(type[1] ?? ''), python: false };
}

function readFrameLine(trace: Trace, line: string): Trace {
  const at = /^\s*at (?:async )?(\S.*)$/.exec(line);
  if (at !== null) return { ...trace, type: trace.type ?? trace.guess, frame: trace.frame ?? userFrame(at[1] ?? '') };
  if (trace.type !== null) return trace;
  const type = /^(?:Caused by: |Exception in thread "[^"]*" )?([A-Za-z_$][\w$]*(?:\.[\w$]+)*)(?::|\s*$)/.exec(
    line,
  )?.[1];
  return type !== undefined && isExceptionType(type) ? { ...trace, type: short(type) } : trace;
}

/** `java.lang.Error`, `scala.MatchError`, `com.acme.Refused`, `TypeError`; not `note` or `user.name`. */
function isExceptionType(name: string): boolean {
  return /(?:Exception|Error|Throwable)$/.test(name) || /\.[A-Z][\w$]*$/.test(name);
}

/** The frame after `at`, without the parts that change from release to release; null for a library's frame. */
function userFrame(frame: string): string | null {
  const script = /^(?:(.*) \()?([^()]*):\d+:\d+\)?$/.exec(frame);
  if (script !== null) {
    const [, name = '<anonymous>', path = ''] = script;
    return nodeLibrary.test(path) ? null : short(`${name} (${baseName(path)})`);
  }
  const paren = frame.indexOf('(');
  if (paren < 0) return null;
  // A class loader and a module may precede the class: `app//`, `java.base/`.
  const name = frame.slice(frame.lastIndexOf('/', paren) + 1, paren);
  // Generated parts: `Foo$$anonfun$1`, `Foo$$EnhancerBySpringCGLIB$$1a2b`, `lambda$pay$3`.
  return jvmLibrary.test(name) ? null : short(name.replace(/\$\$[^.]*/g, '').replace(/\$\d+/g, '$<n>'));
}

/** Packages whose frames are not the user's own code. */
const jvmLibrary =
  /^(?:javax?|jakarta|jdk|sun|com\.sun|scala|kotlinx?|groovy|clojure|akka|org\.apache|org\.springframework|org\.hibernate|org\.slf4j|ch\.qos\.logback|io\.netty|reactor|System|Microsoft)\./;
const nodeLibrary = /^node:|^internal\/|[/\\]node_modules[/\\]|^<anonymous>$/;
const pythonLibrary = /[/\\](?:site|dist)-packages[/\\]|[/\\]lib[/\\]python\d|^<frozen /;

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function short(name: string): string {
  return name.slice(0, maxNameLength);
}
