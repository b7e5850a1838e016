import {
  beginTrace,
  readTraceLine,
  stackTracePattern,
} from '../../../../src/pipelines/level-alerts/counting/stack-trace';

const patternOf = (error: string, lines: readonly string[]): string | null =>
  stackTracePattern(lines.reduce(readTraceLine, beginTrace(error)));

describe('stackTracePattern', () => {
  it.each<[string, string, string[], string | null]>([
    [
      'Java: the exception and the first own frame',
      'ERROR c.a.Pay - failed',
      [
        'java.lang.IllegalStateException: no funds',
        '\tat java.base/java.util.Objects.x(Objects.java:1)',
        '\tat org.springframework.web.X.y(X.java:2)',
        '\tat com.acme.Pay.charge(Pay.java:7)',
        '\tat com.acme.Main.main(Main.java:3)',
      ],
      'java.lang.IllegalStateException at com.acme.Pay.charge',
    ],
    [
      'Java: the outermost type, though the own frame is in a cause',
      'ERROR failed',
      [
        'org.x.WrapperException: a',
        '\tat org.apache.X.y(X.java:1)',
        'Caused by: java.io.IOException: b',
        '\tat com.acme.Pay.charge(Pay.java:7)',
        '\t... 12 more',
      ],
      'org.x.WrapperException at com.acme.Pay.charge',
    ],
    [
      'Java: generated names',
      'ERROR x',
      ['com.acme.Refused', '\tat app//com.acme.Pay$$EnhancerBySpringCGLIB$$1a2b.lambda$run$3(<generated>)'],
      'com.acme.Refused at com.acme.Pay.lambda$run$<n>',
    ],
    [
      'Scala',
      'ERROR x',
      [
        'scala.MatchError: 3 (of class java.lang.Integer)',
        '\tat scala.collection.X.y(X.scala:1)',
        '\tat com.acme.Pay$.run(Pay.scala:3)',
      ],
      'scala.MatchError at com.acme.Pay$.run',
    ],
    [
      'the type named in the ERROR line',
      'ERROR failed: java.io.IOException: disk',
      ['\tat com.acme.Pay.charge(Pay.java:7)'],
      'java.io.IOException at com.acme.Pay.charge',
    ],
    [
      'Node.js',
      'ERROR TypeError: x is not a function',
      [
        '    at node:internal/main:1:2',
        '    at f (/app/node_modules/lib/x.js:1:2)',
        '    at async charge (/app/src/pay.js:10:5)',
      ],
      'TypeError at charge (pay.js)',
    ],
    ['Node.js, anonymous', 'ERROR Error: x', ['    at file:///app/src/pay.js:10:5'], 'Error at <anonymous> (pay.js)'],
    [
      '.NET',
      'ERROR x',
      [
        'System.InvalidOperationException: x',
        '   at System.Linq.X.y()',
        '   at Acme.Pay.Charge(String id) in C:\\src\\Pay.cs:line 12',
      ],
      'System.InvalidOperationException at Acme.Pay.Charge',
    ],
    [
      'Python: the frame nearest to the raise',
      'ERROR:root:failed ValueException',
      [
        'Traceback (most recent call last):',
        '  File "/app/main.py", line 1, in <module>',
        '    charge()',
        '  File "/app/pay.py", line 3, in charge',
        '    json.loads(x)',
        '  File "/usr/lib/python3.12/json/decoder.py", line 9, in decode',
        'json.JSONDecodeError: Expecting value',
      ],
      'json.JSONDecodeError at charge (pay.py)',
    ],
    ['only frames of libraries', 'ERROR x', ['java.io.IOException: x', '\tat java.net.X.y(X.java:1)'], null],
    ['frames without a type', 'ERROR x', ['\tat com.acme.Pay.charge(Pay.java:7)'], null],
    ['text that is not a trace', 'ERROR x', ['note: something', 'user.name', '  at last'], null],
  ])('reads %s', (_name, error, lines, expected) => {
    expect(patternOf(error, lines)).toBe(expected);
  });

  it('takes linear time when lines are hostile', () => {
    const begin = performance.now();
    for (const part of ['a', 'a.', '.', '$$', ' ', ' (', ':1', ':1:1', '/', 'Exception', 'aException..']) {
      const long = part.repeat(100_000 / part.length);
      const trace = beginTrace(`${long}!`);
      for (const line of [long, `  at ${long}!`, `  at ${long}(x)`, `  File "${long}`, `Caused by: ${long}!`]) {
        readTraceLine(trace, line);
        readTraceLine({ ...trace, python: true }, line);
      }
    }
    // Quadratic would be minutes.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
