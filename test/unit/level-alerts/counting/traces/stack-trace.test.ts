import {
  beginTrace,
  readTraceLine,
  stackTracePattern,
} from '../../../../../src/pipelines/level-alerts/counting/traces/stack-trace';

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
      'Java: the root cause, where the exception around it has frames of libraries only',
      'ERROR failed',
      [
        'org.x.WrapperException: a',
        '\tat org.apache.X.y(X.java:1)',
        'Caused by: java.io.IOException: b',
        '\tat com.acme.Pay.charge(Pay.java:7)',
        '\t... 12 more',
      ],
      'java.io.IOException at com.acme.Pay.charge',
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
    [
      'Java: the last cause',
      'ERROR x',
      [
        'com.acme.WebException: a',
        '\tat com.acme.Web.answer(Web.java:1)',
        'Caused by: com.acme.CartException: b',
        '\tat com.acme.Cart.total(Cart.java:2)',
        '\tSuppressed: com.acme.CloseException: s',
        '\t\tat com.acme.Cart.close(Cart.java:3)',
        '\tCaused by: com.acme.NeverException: s',
        '\t\tat com.acme.Never.never(Never.java:3)',
        '\t... 2 more',
        'Caused by: java.lang.IllegalStateException: c',
        '\tat java.base/java.util.Objects.x(Objects.java:1)',
        '\tat com.acme.Sum.add(Sum.java:4)',
        '\t... 4 more',
      ],
      'java.lang.IllegalStateException at com.acme.Sum.add',
    ],
    [
      'Java: the nearest exception around a root cause inside a library',
      'ERROR x',
      [
        'com.acme.CartException: b',
        '\tat com.acme.Cart.total(Cart.java:2)',
        'Caused by: java.net.SocketTimeoutException: c',
        '\tat java.base/java.net.Socket.read(Socket.java:1)',
        '\tat com.fasterxml.jackson.databind.ObjectMapper.read(ObjectMapper.java:3)',
        '\t... 4 more',
      ],
      'com.acme.CartException at com.acme.Cart.total',
    ],
    [
      'Node.js with a cause',
      'ERROR x',
      [
        'Error: cannot answer',
        '    at answer (/app/web.js:1:2) {',
        '  [cause]: TypeError: no total',
        '      at total (/app/cart.js:10:5)',
        '}',
      ],
      'TypeError at total (cart.js)',
    ],
    [
      '.NET with inner exceptions',
      'fail: Acme.Web[0]',
      [
        'Acme.WebException: cannot answer',
        ' ---> System.InvalidOperationException: no total',
        '   at System.Linq.X.y()',
        '   at Acme.Cart.Total(Int32 x) in /src/Cart.cs:line 3',
        '   --- End of inner exception stack trace ---',
        '   at Acme.Web.Answer() in /src/Web.cs:line 9',
      ],
      'System.InvalidOperationException at Acme.Cart.Total',
    ],
    [
      'Python: the first of a chain',
      'ERROR x',
      [
        'Traceback (most recent call last):',
        '  File "/app/cart.py", line 3, in total',
        '    return sum(x)',
        'TypeError: no sum',
        '',
        'The above exception was the direct cause of the following exception:',
        '',
        'Traceback (most recent call last):',
        '  File "/app/web.py", line 3, in answer',
        'cart.WebError: cannot answer',
      ],
      'TypeError at total (cart.py)',
    ],
    [
      'Python: the first exception of a group',
      'ERROR x',
      [
        '  + Exception Group Traceback (most recent call last):',
        '  |   File "/app/web.py", line 3, in answer',
        '  | ExceptionGroup: two failed (2 sub-exceptions)',
        '  +-+---------------- 1 ----------------',
        '    | Traceback (most recent call last):',
        '    |   File "/app/cart.py", line 3, in total',
        '    |     return sum(x)',
        '    | TypeError: no sum',
        '    +---------------- 2 ----------------',
        '    | Traceback (most recent call last):',
        '    |   File "/app/stock.py", line 3, in count',
        '    | ValueError: no count',
      ],
      'TypeError at total (cart.py)',
    ],
    [
      'Go: the frame that panicked',
      'ERROR http: panic serving 192.0.2.4:4: runtime error: index out of range [3] with length 3',
      [
        'goroutine 51 [running]:',
        'net/http.(*conn).serve.func1(0xc00010e000)',
        '\t/usr/local/go/src/net/http/server.go:1850 +0xbf',
        'main.recoverAll()',
        '\t/srv/app/main.go:3 +0xbf',
        'panic(0x6b4f20, 0xc0000180a8)',
        '\t/usr/local/go/src/runtime/panic.go:890 +0x262',
        'github.com/acme/shop/cart.(*Cart).Total(0xc000010018, 0x2)',
        '\t/srv/app/cart/cart.go:22 +0x1d',
        'main.main()',
        '\t/srv/app/main.go:9 +0x1d',
      ],
      'runtime error: index out of range at cart.(*Cart).Total',
    ],
    [
      'Ruby',
      'ERROR cannot answer',
      [
        "/usr/lib/ruby/gems/3.2.0/gems/rack/x.rb:14:in `sum': undefined method `cents' for nil:NilClass (NoMethodError)",
        "\tfrom /srv/app/lib/cart.rb:40:in `block in total'",
        "\tfrom /srv/app/lib/web.rb:40:in `answer'",
      ],
      'NoMethodError at total (cart.rb)',
    ],
    [
      'Ruby, in the ERROR line, as of 3.4',
      "ERROR /srv/app/lib/cart.rb:14:in 'Cart#total': undefined method 'cents' for nil (NoMethodError)",
      [],
      'NoMethodError at total (cart.rb)',
    ],
    [
      'PHP',
      'PHP Fatal error:  Uncaught Acme\\CartException: no total in /srv/app/Cart.php:31',
      [
        'Stack trace:',
        '#0 /srv/app/vendor/x/Sum.php(3): Sum->add(1)',
        '#1 /srv/app/Web.php(12): Acme\\Cart->total()',
        '#2 {main}',
      ],
      'Acme\\CartException at Acme\\Cart->total',
    ],
    [
      'Rust',
      "thread 'main' panicked at src/refund.rs:14:9:",
      [
        'called `Option::unwrap()` on a `None` value',
        'stack backtrace:',
        '   0: rust_begin_unwind',
        '             at /rustc/9fc6b4312/library/std/src/panicking.rs:647:5',
        '   1: core::panicking::panic_fmt',
        '   2: shop::refund::total::h0123456789abcdef',
        '             at ./src/refund.rs:14:9',
      ],
      'panic at shop::refund::total',
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
        readTraceLine({ ...trace, language: 'python' }, line);
      }
    }
    // Quadratic would be minutes.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
