import { phpLibrary } from './libraries';
import { short, type Trace } from './trace';

/** `#0 /app/Cart.php(12): Acme\Cart->total()`; `Next TYPE: …` begins what the exception before it caused. */
export function readPhpLine(trace: Trace, line: string): Trace {
  if (/^\s*Next \S/.test(line)) return trace.frame === null ? trace : { ...trace, closed: true };
  const found = /^\s*#\d+ (\S.*?)(?:\(\d+\))?: ([\w\\]+(?:(?:->|::)\w+|\{closure\})*)\(/.exec(line);
  if (found === null || trace.frame !== null) return trace;
  const [, file = '', name = ''] = found;
  return phpLibrary.test(file) ? trace : { ...trace, type: trace.type ?? trace.guess, frame: short(name) };
}
