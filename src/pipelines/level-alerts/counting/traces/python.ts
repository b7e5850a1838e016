import { pythonLibrary } from './libraries';
import { baseName, nextSection, short, type Trace } from './trace';

/**
 * `File "x.py", line 1, in f`, where the frame nearest to the raise comes last, then the type. Of several exceptions the first is the
 * root cause: Python prints causes before their effects, and a group before its exceptions (behind `|`).
 */
export function readPythonLine(trace: Trace, line: string): Trace {
  if (line.includes('Traceback (most recent call last)')) return nextSection(trace, null);
  const frame = /^[\s|]+File "([^"]+)", line \d+, in (.+)$/.exec(line);
  if (frame !== null) {
    const [, file = '', name = ''] = frame;
    return pythonLibrary.test(file) ? trace : { ...trace, frame: short(`${name} (${baseName(file)})`) };
  }
  const type = /^(?:\s*\| )?([A-Za-z_][\w.]*)(?::|$)/.exec(line)?.[1];
  if (type === undefined || trace.type !== null || /^(?:The|During)$/.test(type)) return trace;
  const isGroup = /ExceptionGroup$/.test(type);
  return { ...trace, type: short(type), closed: trace.frame !== null && !isGroup };
}
