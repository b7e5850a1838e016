/**
 * The stack trace in a JSON line, as the lines of text that it is; [] without one. Found by the names that loggers use: `stack_trace` (Logback, ECS),
 * `stack` (Node.js), `exception` (Serilog, structlog), `exc_info` (python-json-logger), `exception.stacktrace` (OpenTelemetry).
 */
export function jsonTrace(line: string): string[] {
  if (!line.startsWith('{')) return [];
  const text = field.exec(line)?.[1];
  return text === undefined ? [] : unescaped(text).split(/\r?\n/);
}

const field = /"(?:\w+\.)?(?:stack_?trace|stack|exception|exc_info|@x)"\s*:\s*"((?:[^"\\]|\\.)*)/i;

/** A text that was cut has no end, perhaps inside an escape. */
function unescaped(text: string): string {
  const whole = text.replace(/\\u[\da-f]{0,3}$/i, '');
  try {
    const parsed: unknown = JSON.parse(`"${whole}"`);
    return typeof parsed === 'string' ? parsed : '';
  } catch {
    return '';
  }
}
