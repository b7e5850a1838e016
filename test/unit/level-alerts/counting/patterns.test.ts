import { maskMessage, maxPatternLength } from '../../../../src/pipelines/level-alerts/counting/patterns';

describe('maskMessage', () => {
  it.each<[string, string, string]>([
    [
      'logback',
      '22:43:13.930 [run-main-0] ERROR a.b.Pay$ - Payment 4711 of user 12 failed',
      'a.b.Pay$ - Payment <n> of user <n> failed',
    ],
    ['logback with a date', '2024-03-01 10:00:00,123 [http-8080-exec-3] ERROR c.a.Pay - gone', 'c.a.Pay - gone'],
    ['log4j, thread after the level', '2024-03-01 10:00:00,123 ERROR [main] c.a.Pay: gone', 'c.a.Pay - gone'],
    ['Spring Boot', '2024-03-01T10:00:00.123Z ERROR 4711 --- [nio-8080-exec-1] c.a.Pay : gone', 'c.a.Pay - gone'],
    [
      'Spark',
      '17/06/09 20:10:40 ERROR executor.Executor: Exception in task 1.0 in stage 0.0 (TID 7)',
      'executor.Executor - Exception in task <n> in stage <n> (TID <n>)',
    ],
    [
      'HDFS',
      '081109 203615 148 ERROR dfs.DataNode$PacketResponder: block blk_-38865049064139660 lost',
      'dfs.DataNode$PacketResponder - block blk_<n> lost',
    ],
    [
      'Apache',
      '[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6',
      'mod_jk child workerEnv in error state <n>',
    ],
    [
      'Apache 2.4',
      '[Sun Dec 04 04:47:44.123 2022] [core:error] [pid 7:tid 8] [client 10.0.0.1:44] File does not exist: /var/www/x',
      'File does not exist: <path>',
    ],
    [
      'OpenStack',
      'nova.log 2017-05-16 00:00:00.008 25746 ERROR nova.compute [req-38101a0b-2096-447d-96ea-a692162415ae 113d3a99c3da401fbd62cc2caa5b96d2 - -] no host',
      'nova.compute [req-<id> <n> - -] no host',
    ],
    [
      'syslog RFC 3164',
      '<11>Oct 11 22:14:15 web-1 sshd[4123]: Connection error on port 22',
      'sshd - Connection error on port <n>',
    ],
    [
      'syslog RFC 5424',
      '<11>1 2024-03-01T10:00:00Z web-1 pay 4123 ID47 [x@1 a="b"] Connection lost',
      'pay - Connection lost',
    ],
    [
      'JSON',
      '{"time":"2024-03-01T10:00:00Z","level":"error","message":"lost \\"x\\" after 12 ms","n":1}',
      'lost "<str>" after <time>',
    ],
    [
      'JSON with a message of another name',
      '{"err":{"message":"no"},"@t":"2024-03-01T10:00:00Z","@mt":"lost after 12 ms","@l":"Error"}',
      'lost after <time>',
    ],
    [
      'JSON whose first message is nested',
      '{"level":50,"err":{"type":"Error","message":"a"},"msg":"lost after 12 ms"}',
      'lost after <time>',
    ],
    [
      'an OpenTelemetry record',
      '{"severityText":"ERROR","body":{"stringValue":"lost after 12 ms"}}',
      'lost after <time>',
    ],
    [
      'wrapped by Docker',
      '{"log":"22:43:13.671 [main] ERROR a.b.Cart - lost after 12 ms\\n","stream":"stderr","time":"2024-03-01T10:00:00Z"}',
      'a.b.Cart - lost after <time>',
    ],
    [
      'JSON wrapped by Docker',
      '{"log":"{\\"level\\":\\"error\\",\\"msg\\":\\"lost after 12 ms\\"}\\n","stream":"stderr","time":"2024-03-01T10:00:00Z"}',
      'lost after <time>',
    ],
    ['logfmt', 'ts=2024-03-01T10:00:00Z level=error msg="lost after 12 ms" n=1', 'lost after <time>'],
    ['a format of its own', 'worker 7: disk sda1 is full', 'worker <n>: disk sda<n> is full'],
  ])('finds the message when the line is %s', (_name, line, pattern) => {
    expect(maskMessage(line)).toBe(pattern);
  });

  it.each<[string, string]>([
    ['took 12ms, 3.5 s, 1,024 kB, -7', 'took <time>, <size>, <n>'],
    ['exec-3 x86_64 utf8', 'exec-<n> x<n>_<n> utf<n>'],
    ['order 550e8400-e29b-41d4-a716-446655440000!', 'order <id>!'],
    ['session a8Fk2Lq9Zx closed', 'session <id> closed'],
    ['at 0xDEADBEEF, commit 9fceb02d0ae598e9', 'at <hex>, commit <n>'],
    ['from 10.0.0.1:5432 to /10.1.2.3 and fe80::1ff:fe23:4567:890a', 'from <host> to <host> and <host>'],
    ['at 12:30:01.250 on 2024-03-01T12:30:01Z', 'at <time> on <time>'],
    ['no file /var/log/app.log or C:\\logs\\x.log or a/b/c.txt', 'no file <path> or <path> or <path>'],
    ['GET https://x.org/a?b=1 failed', 'GET <url> failed'],
    ['mail to bob.b+x@example.org refused', 'mail to <email> refused'],
    ['no user "Bob 7" in \'my db\'', 'no user "<str>" in \'<str>\''],
    ["can't open it, don't ask", "can't open it, don't ask"],
    ['an "unclosed quote', 'an "unclosed quote'],
    ['read/write and TCP/IP stay', 'read/write and TCP/IP stay'],
    ['Ошибка оплаты 12', 'Ошибка оплаты <n>'],
    ['支付失败：订单号12345', '支付失败：订单号<n>'],
    ['user=5 code=7 tags=', 'user=<v> code=<n> tags=<v>'],
    ['x = 5', 'x = <n>'],
    ['ruser= rhost=web-1.acme.org uid=0', 'ruser=<v> rhost=<v> uid=<v>'],
    ['lock=7, name=com.acme.ui, ws=Source{12}, bounds=Rect(0, 0 - 0, 0)', 'lock=<v>, name=<v>, ws=<v>, bounds=<v>'],
    ['error="cannot reach 10.0.0.1" order="7 b"', 'error="cannot reach <host>" order=<v>'],
    ['reason=timeout kind=read', 'reason=timeout kind=read'],
    ['db-1.acme.com:5432 and ip-10-0-1-2.eu-west-1.compute.internal are down', '<host> and <host> are down'],
    [
      'java.net.SocketException, app.conf.d, node.js and com.acme.local stay',
      'java.net.SocketException, app.conf.d, node.js and com.acme.local stay',
    ],
    ['connection from 10.0.0.1 (a-7.acme.net)', 'connection from <host>'],
    ['connection from 10.0.0.1 ()', 'connection from <host>'],
    ['at Fri Jun 17 07:07:00 2005, on Sat, 08 May 2004 09:04:50 EDT', 'at <time>, on <time>'],
    ['Mon may come, Sat down', 'Mon may come, Sat down'],
    ['read 18846 bytes (18.4 KB)', 'read <size>'],
    ['session opened for user bob by root(uid=0)', 'session opened for user <user> by root(uid=<v>)'],
    ['for user unknown', 'for user unknown'],
    ['no status: 503, HTTP 404, code 7, order 404', 'no status: 503, HTTP 404, code <n>, order <n>'],
    ['"GET /a/7?b=1 HTTP/1.1" refused', '"GET <path> HTTP/1.1" refused'],
    ['ids (4, 8, 15), [1] and {a-1|a-2}', 'ids (<n>), [<n>] and {a-<n>}'],
    ["IN ('a', 'b', 'O''Hara')", "IN ('<str>')"],
    ['„a b“, ‘c’ «d» `e`', '„<str>“, ‘<str>’ «<str>» `<str>`'],
    ['pods cart-66b6c48dd5-7ktbz, agent-x7k2p; node utf-8bits', 'pods cart-<id>, agent-<id>; node utf-<n>bits'],
    ['i-0ab1c2d3e4f567890 01HZXK7Y9QABCDEFGHJKMNPQRS', 'i-<n> <id>'],
    ['link 52:54:00:98:76:54 and fe:ed:fa:ce:be:ef', 'link <mac> and <mac>'],
    ['com.acme.Cache@6d06d69c, X@70dea4e', 'com.acme.Cache@<hex>, X@<hex>'],
    ['PT1M30S, P1DT2H, 1h2m3.5s, 3 days', '<time>'],
    ['1,234,567 rows, 1,2,3', '<n> rows, <n>'],
    ['since 2026-11-20T10:00:00Z or 2026-11-20 10:00:00', 'since <time> or <time>'],
    ['java.io.IOException', 'java.io.IOException'],
    ['setWriteDBLastMinute=25233979', 'setWriteDBLastMinute=<v>'],
    ['tabs\tand colors\u0000\u001b[31m', 'tabs and colors'],
    ['', ''],
  ])('masks %j', (message, pattern) => {
    expect(maskMessage(`10:00:00.000 [main] ERROR ${message}`)).toBe(pattern);
  });

  it.each([
    's%]s,+2k|D}K7b/XCwG&@7HDPR8z',
    'ihu}!A2]*07}|,lc',
    '[FP#goNaa9GllLn^l`h{5"xv}{X9M0p52`oAlL;q7O<xBnILByOyU*+^WiT9',
    '9Xfzj*\\]VsqNDz#/??#U',
    "|H')6,be1ae1ae0cf1X9lR8mce2af2D6mf9CAHR",
    "\"bJ$!>4\\56v+s;t'*k0a+YU9'|Mze%7'lJYED)4G{0Mlfn/'1s/z~U'jH4[D",
  ])('falls back to the logger for the random message %s', (message) => {
    expect(maskMessage(`22:43:13.671 [scala-180] ERROR HelperUtils.Parameters$ - ${message}`)).toBe(
      'HelperUtils.Parameters$ <random>',
    );
  });

  it('bounds its result without tearing a character when the line is long', () => {
    expect(maskMessage(`ERROR ${'word '.repeat(200)}`).length).toBeLessThanOrEqual(maxPatternLength);
    const cut = maskMessage(`ERROR ${'é'.repeat(maxPatternLength - 1)}😀😀`);
    expect(cut).toBe('é'.repeat(maxPatternLength - 1));
  });

  it('takes linear time when the text is hostile', () => {
    const size = 100_000;
    const hostile = [
      'a',
      '.',
      '"',
      "'",
      " '",
      '[',
      '1',
      'a1',
      '/',
      'a/',
      '.a',
      'a.',
      ':',
      '-',
      ' ',
      '@',
      'a@',
      '<',
      '{"msg"',
      'aB',
      ' (',
      '1:',
      '$',
    ];
    const begin = performance.now();
    for (const part of hostile) {
      for (const end of ['', 'x', '\u0001', '!x']) maskMessage(`ERROR ${part.repeat(size / part.length)}${end}`);
    }
    // Quadratic would be minutes.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
