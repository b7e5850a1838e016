import { readSample, readSamples } from './samples';

const levels = (lines: readonly string[]): string[] => readSamples(lines).map((read) => read.split(' ')[0] ?? '');

describe('a level word in small letters directly after a timestamp', () => {
  it.each([
    ['2026-11-29 10:00:00 error rate is 0', 'NONE'],
    ['2026-11-29T10:00:00Z error while closing', 'NONE'],
    ['2026-11-29 10:00:00 Error connecting to the cart', 'NONE'],
    ['2026-11-29 10:00:00 debug mode is on', 'NONE'],
    ['2026-11-29 10:00:00 error 12 of 30', 'NONE'],
    ['10:00:00.123 warning lights are on', 'CONT'],
    ['2026-11-29 10:00:00 error: refused', 'ERROR'],
    ['2026-11-29 10:00:00 [error] refused', 'ERROR'],
    ['2026-11-29 10:00:00 error', 'ERROR'],
    ['2026-11-29 10:00:00 error   refused', 'ERROR'],
    ['2026-11-29 10:00:00 error Could not open', 'ERROR'],
    ['2026-11-29 10:00:00 error shop.cart: refused', 'ERROR'],
    ['2026-11-29 10:00:00 error [cart] refused', 'ERROR'],
    ['2026-11-29 10:00:00 info started', 'INFO'],
    ['2026-11-29 10:00:00 warn slow', 'WARN'],
    ['2026-11-29 10:00:00 ERROR rate is 0', 'ERROR'],
  ])('does not count when it may begin a sentence: %j is %s', (line, level) => {
    expect(levels(['2026-11-29 10:00:00 server started', line])[1]).toBe(level);
  });

  it('is a level once other lines of the source have shown that column', () => {
    const lines = ['2026-11-29 10:00:00 info started', '2026-11-29 10:00:00 error rate is 0', 'x'];
    expect(levels(lines)).toEqual(['INFO', 'ERROR', 'CONT']);
    expect(levels(lines.slice(1))).toEqual(['NONE', 'CONT']);
  });
});

describe('the text after the tag of syslog', () => {
  const heads = [
    'Nov 29 10:00:00 web-1 shop[12]: ',
    '2026-11-29 10:00:00 web-1 shop[12]: ',
    'Nov 29 10:00:00 web-1 shop: ',
  ];
  it.each([
    ['ERROR refused', 'ERROR'],
    ['ERROR: refused', 'ERROR'],
    ['WARNING - slow', 'WARN'],
    ['[warn] slow', 'WARN'],
    ['[3-1] FATAL:  no role', 'ERROR'],
    ['[3-1] LOG:  started', 'INFO'],
    ['<Error> refused', 'ERROR'],
    ['error: kex_exchange_identification', 'NONE'],
    ['LOG rotated', 'NONE'],
    ['FAILURE for user root', 'NONE'],
    ['user saw ERROR', 'NONE'],
    ['(root) CMD (run ERROR)', 'NONE'],
    ['CEF:0|a|b|1|100|x|8|src=10.0.0.1', 'ERROR'],
  ])('may begin with a level: %j is %s', (text, level) => {
    for (const head of heads) expect([head, levels([`${head}${text}`])]).toEqual([head, [level]]);
  });

  it('may be pairs, also without a tag', () => {
    expect(levels(['2026-11-29T10:00:00Z shop level=error msg="a: b"'])).toEqual(['ERROR']);
    expect(levels(['Nov 29 10:00:00 fw date=2026-11-29 time=10:00:00 devname="FG" level="alert" vd="root"'])).toEqual([
      'ERROR',
    ]);
  });

  it('does not begin after words that are not a tag', () => {
    expect(levels(['2026-11-29 10:00:00 could not read the table: ERROR 1064'])).toEqual(['NONE']);
  });
});

describe('an object on one line', () => {
  const above = '2026-11-29 10:00:00 INFO x';

  it.each([
    [`  {"time":"2026-11-29T10:01:00Z","level":"error","msg":"x"}`, 'ERROR 2026-11-29T10:01:00.000Z'],
    [`\t{"level":"error","msg":"x"}`, 'ERROR 2026-11-29T10:00:00.000Z'],
    [`{'time': '2026-11-29T10:01:00Z', 'level': 'error', 'msg': "it's"}`, 'ERROR 2026-11-29T10:01:00.000Z'],
    [`  {'time': '2026-11-29T10:01:00Z', 'msg': 'a "b" \\'c\\'', 'level': 'warn'}`, 'WARN 2026-11-29T10:01:00.000Z'],
    [`{'level': 'error', 'ok': True, 'x': None}`, 'ERROR 2026-11-29T10:00:00.000Z'],
    [`{'time': '2026-11-29 10:01:00', 'msg': 'ERROR x'}`, 'NONE 2026-11-29T10:01:00.000Z'],
  ])('is a record, also when it is indented or printed by Python: %j is %s', (line, expected) => {
    expect(readSamples([above, line])[1]).toBe(expected);
  });
});

describe('a time before 1970', () => {
  it.each([
    ['31/Dec/1969:23:59:59 +0000 ERROR x', 'ERROR'],
    ['[31/Dec/1969:23:59:59 +0000] ERROR x', 'ERROR'],
    ['31-Dec-1969 23:59:59 ERROR x', 'ERROR'],
    ['12/31/1969 16:00:00 ERROR x', 'ERROR'],
    ['01/01/1601 00:00:00 ERROR x', 'ERROR'],
    ['Dec 31, 1969 4:00:00 PM ERROR x', 'ERROR'],
    ['[Wed Dec 31 23:59:59 1969] [error] x', 'ERROR'],
    ['[Wed Dec 31 23:59:59 1969] x', 'NONE'],
  ])('makes a record at the time of the one above: %j', (line, level) => {
    expect(readSamples(['2026-11-29 10:00:00 INFO x', line])[1]).toBe(`${level} 2026-11-29T10:00:00.000Z`);
  });
});

describe('levels in other languages', () => {
  it.each([
    ['FEHLER:  x', 'ERROR'],
    ['PANIK:  x', 'ERROR'],
    ['ERREUR:  x', 'ERROR'],
    ['ATTENTION:  x', 'WARN'],
    ['HINWEIS:  x', 'INFO'],
    ['ОШИБКА:  x', 'ERROR'],
    ['shop@shop ОШИБКА:  x', 'ERROR'],
    ['[3-1]ОШИБКА:  x', 'ERROR'],
    ['ПРЕДУПРЕЖДЕНИЕ:  x', 'WARN'],
    ['СООБЩЕНИЕ:  x', 'INFO'],
    ['错误:  x', 'ERROR'],
    ['重大: x', 'ERROR'],
    ['Fehler beim Laden', 'NONE'],
    ['ошибка: x', 'NONE'],
    ['НЕОШИБКА: x', 'NONE'],
    ['ОШИБКА x', 'NONE'],
  ])('count before a colon: %s is %s', (text, level) => {
    expect(levels([`2026-11-29 10:00:00.123 UTC [31] ${text}`])).toEqual([level]);
  });
});

describe('java.util.logging in Chinese', () => {
  it('has its level in the second line', () => {
    expect(
      readSamples(['十一月 29, 2026 10:00:24 上午 com.example.Shop main', '严重: no stock', '\tat com.example.Shop']),
    ).toEqual(['NONE 2026-11-29T10:00:24.000Z', 'ERROR 2026-11-29T10:00:24.000Z', 'CONT 2026-11-29T10:00:24.000Z']);
  });
});

describe('a record of two lines', () => {
  const lines = ['Nov 29, 2026 10:00:00 AM com.example.Shop main', 'SEVERE: no stock'];

  it.each([
    ['in a container', (line: string) => `2026-11-29T10:00:00.000Z stdout F ${line}`],
    ['after a name', (line: string) => `web-1  | ${line}`],
    ['after invisible marks', (line: string) => `\ufeff${line}`],
  ])('has the level of the second %s', (_, wrap) => {
    expect(levels(lines.map(wrap))).toEqual(['NONE', 'ERROR']);
  });

  it('may be a trace of SAP', () => {
    expect(levels(['M Sun Nov 29 10:00:00 2026', 'M  *** ERROR => no memory', 'M  *** ERROR => again'])).toEqual([
      'NONE',
      'ERROR',
      'CONT',
    ]);
  });
});

describe('a file that begins with a byte order mark', () => {
  it('may have a level and no timestamp, or the names of its columns, in its first line', () => {
    expect(levels(['\ufeffERROR: refused', 'INFO: started'])).toEqual(['ERROR', 'INFO']);
    expect(readSamples(['\ufeff#Fields: date time sc-status', '2026-11-29 10:00:00 500'])[1]).toBe(
      'NONE 2026-11-29T10:00:00.000Z',
    );
  });
});

describe('a level after the tag of syslog', () => {
  it('is found in colors, and after a byte order mark', () => {
    const line = 'Nov 29 10:00:00 web-1 shop[12]: ERROR: refused';
    expect(levels([`\u001b[31m${line}\u001b[0m`, `\ufeff${line}`])).toEqual(['ERROR', 'ERROR']);
    // While the head scan is the current format.
    const dated = '2026-11-29 10:00:00: INFO x';
    expect(levels([dated, `\u001b[31m${line}\u001b[0m`, `\ufeff${line}`, line])).toEqual([
      'INFO',
      'ERROR',
      'ERROR',
      'ERROR',
    ]);
  });
});

describe('logfmt', () => {
  it('may have values in single quotes, as structlog writes them', () => {
    expect(readSample("timestamp='2026-11-29T10:00:00Z' level='error' event='a level=info'")).toBe(
      'ERROR 2026-11-29T10:00:00.000Z',
    );
  });
});

describe('a CEF event without a time', () => {
  it('is a record at the time of the one above', () => {
    const lines = ['2026-11-29 10:00:00 INFO x', 'CEF:0|Sec|fw|1.0|100|no time|2|src=10.0.0.1'];
    expect(readSamples(lines)[1]).toBe('INFO 2026-11-29T10:00:00.000Z');
  });
});

describe('a printed page of CUPS', () => {
  it('is a record in its own minute', () => {
    expect(readSample('HP anna 12 [29/Nov/2026:10:00:00 +0000] 1 1 - localhost report.pdf - -')).toBe(
      'NONE 2026-11-29T10:00:00.000Z',
    );
  });
});
