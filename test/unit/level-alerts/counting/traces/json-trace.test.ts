import { jsonTrace } from '../../../../../src/pipelines/level-alerts/counting/traces/json-trace';

describe('jsonTrace', () => {
  it.each<[string, string, string[]]>([
    ['Logback and ECS', '{"message":"x","stack_trace":"a.B: c\\n\\tat d.E(f)\\n"}', ['a.B: c', '\tat d.E(f)', '']],
    ['Node.js', '{"err":{"message":"x","stack":"Error: c\\n    at d (e:1:1)"}}', ['Error: c', '    at d (e:1:1)']],
    ['Serilog', '{"@t":"2026-11-20","@x":"A.B: c"}', ['A.B: c']],
    ['OpenTelemetry', '{"exception.stacktrace":"a.B: c\\r\\n\\tat d"}', ['a.B: c', '\tat d']],
    ['cut in an escape', '{"exc_info":"a.B: \\u00', ['a.B: ']],
    ['cut after a backslash', '{"exc_info":"a.B: \\', ['a.B: ']],
    ['without a trace', '{"message":"stack"}', []],
    ['no JSON', 'ERROR "stack":"x"', []],
  ])('finds the trace in JSON: %s', (_name, line, lines) => {
    expect(jsonTrace(line)).toEqual(lines);
  });
});
