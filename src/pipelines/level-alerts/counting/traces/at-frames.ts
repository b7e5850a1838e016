import { baseName, nextSection, sectionPattern, short, type Trace } from './trace';
import { dotnetLibrary, jvmLibrary, nodeLibrary } from './libraries';

/**
 * Java, Kotlin and Scala (`at a.b.C.d(C.java:1)`, causes last), Node.js (`at f (/app/x.js:1:2)`, `[cause]:` last) and .NET
 * (`at A.B.C(Int32 x) in C.cs:line 1`, causes first: `---> type`).
 */
export function readAtLine(trace: Trace, line: string): Trace {
  const indent = line.length - line.trimStart().length;
  const text = line.slice(indent);
  if (trace.skipFrom >= 0 && indent >= trace.skipFrom) return trace;
  if (text.startsWith('at ')) return readFrame(trace, text.slice(text.startsWith('at async ') ? 9 : 3));
  if (indent > 0 && text.startsWith('Suppressed: ')) return { ...trace, skipFrom: indent };
  if (text.startsWith('--- End of inner exception stack trace')) {
    return sectionPattern(trace) === null ? trace : { ...trace, closed: true };
  }
  const cause = causeType(text);
  if (cause !== null) return nextSection(trace, cause);
  if (trace.type !== null) return trace;
  const type = /^(?:Exception in thread "[^"]*" )?([A-Za-z_$][\w$]*(?:\.[\w$]+)*)(?::|\s*$)/.exec(text)?.[1];
  return type !== undefined && isExceptionType(type) ? { ...trace, type: short(type) } : trace;
}

/** The type after `Caused by:`, `[cause]:`, and the last `--->`. */
function causeType(text: string): string | null {
  const inner = text.lastIndexOf('---> ');
  const rest = inner < 0 ? (/^(?:Caused by: |\{? ?\[cause\]: )(.*)$/.exec(text)?.[1] ?? null) : text.slice(inner + 5);
  return rest === null ? null : (/^[A-Za-z_$][\w$.`]*/.exec(rest)?.[0].replace(/\.$/, '') ?? null);
}

/** `java.lang.Error`, `scala.MatchError`, `com.acme.Refused`, `TypeError`; not `note` or `user.name`. */
function isExceptionType(name: string): boolean {
  return /(?:Exception|Error|Throwable)$/.test(name) || /\.[A-Z][\w$]*$/.test(name);
}

function readFrame(trace: Trace, frame: string): Trace {
  if (trace.frame !== null) return trace;
  const type = trace.type ?? trace.guess;
  const own = ownFrame(frame);
  return own === trace.frame && type === trace.type ? trace : { ...trace, type, frame: own };
}

/** The frame without the parts that change from release to release; null for a library's frame. */
function ownFrame(frame: string): string | null {
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
  const isLibrary = jvmLibrary.test(name) || dotnetLibrary.test(name);
  return isLibrary ? null : short(name.replace(/\$\$[^.]*/g, '').replace(/\$\d+/g, '$<n>'));
}
