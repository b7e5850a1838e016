import { statusLevels } from '../../../src/lines/formats/access/status';
import { Level, levelNames } from '../../../src/lines/line-batch';
import { LineParser, type ReadingContext } from '../../../src/lines/line-parser';
import { initialReadingState, type ReadingState } from '../../../src/lines/reading-state';

const byStatus = statusLevels(
  new Map<string, Level>([
    ['5xx', Level.ERROR],
    ['4xx', Level.WARN],
    ['3xx', Level.INFO],
    ['2xx', Level.INFO],
    ['499', Level.DEBUG],
  ]),
);

/** Level and minute of each line; a new parser continues from the state after each. */
function read(lines: readonly string[], of: Partial<ReadingContext> = {}): string[] {
  const context: ReadingContext = {
    fileDay: null,
    lastModified: Date.parse('2026-11-29T12:00:00Z'),
    zone: 'America/New_York',
    customFormat: null,
    maxFutureSkew: 3_600_000,
    ...of,
  };
  let parser = new LineParser(context, initialReadingState);
  return lines.map((line) => {
    const text = Buffer.from(line);
    // Surrounded by other bytes, so that a read outside the line fails the test.
    const bytes = Buffer.concat([Buffer.from('17'), text, Buffer.from('7 "GET /" 500 ERROR')]);
    parser.parse(bytes, 2, 2 + text.length);
    const { level, time } = parser;
    parser = new LineParser(context, JSON.parse(JSON.stringify(parser.state(bytes, null))) as ReadingState);
    return `${levelNames[level]} ${new Date(time).toISOString().slice(0, 16)}`;
  });
}

const utc = '2026-11-29T10:00';
/** The zone of the source is that of New York. */
const wall = '2026-11-29T15:00';
const late = { lastModified: Date.parse('2026-11-29T18:00:00Z') };

/** Access log lines of servers, their time, and their level by status. */
const samples: [server: string, line: string, time: string, level: string][] = [
  ['common', '10.0.0.7 - - [29/Nov/2026:11:00:00 +0100] "GET /error HTTP/1.1" 200 512', utc, 'INFO'],
  [
    'combined',
    '2001:db8::7 - anna [29/Nov/2026:11:00:00 +0100] "POST /a HTTP/2.0" 502 0 "https://a/" "M/5.0 (X)"',
    utc,
    'ERROR',
  ],
  [
    'virtual host',
    'shop.example:443 10.0.0.7 - - [29/Nov/2026:11:00:00 +0100] "GET / HTTP/1.1" 404 19 "-" "-"',
    utc,
    'WARN',
  ],
  [
    'nginx with addresses first',
    '10.0.0.7, 10.1.1.1 - [10.0.0.7] - - [29/Nov/2026:11:00:00 +0100] "GET / HTTP/1.1" 499 0',
    utc,
    'DEBUG',
  ],
  [
    'Apache with the time of a request',
    '10.0.0.7 - - [29/Nov/2026:11:00:00 +0100] "GET / HTTP/1.1" 301 - 0/1234',
    utc,
    'INFO',
  ],
  ['a broken request', '10.0.0.7 - - [29/Nov/2026:11:00:00 +0100] "\\x16\\x03\\x01" 400 157 "-" "-"', utc, 'WARN'],
  ['an empty request', '10.0.0.7 - - [29/Nov/2026:11:00:00 +0100] "-" 408 - "-" "-"', utc, 'WARN'],
  ['a quote in a request', '10.0.0.7 - - [29/Nov/2026:11:00:00 +0100] "GET /\\" 200 HTTP/1.1" 500 1', utc, 'ERROR'],
  ['Tomcat', '0:0:0:0:0:0:0:1 - - [29/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 500 2 13', utc, 'ERROR'],
  ['Jetty', '10.0.0.7 -  -  [29/Nov/2026:10:00:00 GMT] "GET / HTTP/1.1" 200 2 "-" "-" 12', utc, 'INFO'],
  ['gunicorn', '127.0.0.1 - - [29/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 2 "-" "curl/8.0"', utc, 'INFO'],
  ['Werkzeug', '172.18.0.1 - - [29/Nov/2026 10:00:00] "GET / HTTP/1.1" 500 -', wall, 'ERROR'],
  ['Varnish', '10.0.0.7 - - [29/Nov/2026:10:00:00 +0000] "GET http://a/x HTTP/1.1" 503 279 "-" "-"', utc, 'ERROR'],
  [
    'Traefik',
    '10.0.0.7 - - [29/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 502 11 "-" "-" 1 "r@docker" "http://a" 3ms',
    utc,
    'ERROR',
  ],
  ['Rack', '127.0.0.1 - - [29/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 - 0.0012', utc, 'INFO'],
  [
    'S3',
    '79a59df900b949e5 bucket [29/Nov/2026:10:00:00 +0000] 192.0.2.3 79a59d 3E57427F33A59F07 REST.GET.OBJECT a.txt "GET /a.txt HTTP/1.1" 503 SlowDown 280 - 7 - "-" "S3Console/0.4" -',
    utc,
    'ERROR',
  ],
  [
    'HAProxy',
    '10.0.0.7:50210 [29/Nov/2026:10:00:00.326] http~ web/nginx1 0/0/1/48/49 503 3313 - - ---- 3/2/0/0/0 0/0 {M/5.0 (Win)} {} "POST /a HTTP/1.1"',
    wall,
    'ERROR',
  ],
  [
    'HAProxy, TCP',
    '10.0.0.7:50210 [29/Nov/2026:10:00:00.326] ssh ssh/ssh1 1/1/861 1485 -- 2/1/0/0/0 0/0',
    wall,
    'NONE',
  ],
  [
    'HAProxy behind syslog',
    'Nov 29 10:00:00 lb haproxy[7]: 10.0.0.7:50210 [29/Nov/2026:10:00:00.326] http~ web/nginx1 0/0/1/48/49 503 3313 - - ---- 3/2/0/0/0 0/0 "GET / HTTP/1.1"',
    wall,
    'ERROR',
  ],
  [
    'ALB',
    'https 2026-11-29T10:00:00.123456Z app/web/50dc6c 10.0.0.7:2817 10.1.0.1:80 0.086 0.048 0.037 502 200 0 57 "GET https://a:443/ HTTP/1.1" "curl/8.0" ECDHE TLSv1.2 arn:aws:x "Root=1-5"',
    utc,
    'ERROR',
  ],
  [
    'ALB without a target',
    'h2 2026-11-29T10:00:00.123456Z app/web/50dc6c 10.0.0.7:2817 - -1 -1 -1 503 - 0 57 "GET https://a:443/ HTTP/2.0" "curl/8.0" - -',
    utc,
    'ERROR',
  ],
  [
    'NLB',
    'tls 2.0 2026-11-29T10:00:00 net/web/c6e77e e5e90d 10.0.0.7:51341 10.1.0.1:443 5 2 98 246 - arn:aws:acm:x - ECDHE tlsv12 - a.example',
    utc,
    'NONE',
  ],
  [
    'S3 with a dash for the request',
    '79a59d bucket [29/Nov/2026:10:00:00 +0000] - 79a59d 3E57 REST.GET.LIFECYCLE - "-" 200 - 113 - 7 - "-" "-" -',
    utc,
    'INFO',
  ],
  ['GlassFish', '"10.0.0.7" "-" "29/Nov/2026:11:00:00 +0100" "GET / HTTP/1.1" 500 12', utc, 'ERROR'],
  ['Ambassador', 'ACCESS [2026-11-29T10:00:00.123Z] "GET / HTTP/1.1" 503 - 0 5', utc, 'ERROR'],
  ['nginx with an ISO time', '10.0.0.7 - - [2026-11-29T11:00:00+01:00] "GET / HTTP/1.1" 404 5', utc, 'WARN'],
  ['Bitbucket', '10.0.0.7 | https | anna | 2026-11-29 10:00:00,123 | "GET /x HTTP/1.1" 500 | 5', wall, 'ERROR'],
  ['Django', '[29/Nov/2026 10:00:00] "GET /admin/ HTTP/1.1" 500 1234', wall, 'ERROR'],
  [
    'Envoy',
    '[2026-11-29T10:00:00.123Z] "GET /x HTTP/1.1" 503 UF 0 91 5 - "-" "curl" "id" "h" "10.0.0.7:80"',
    utc,
    'ERROR',
  ],
  [
    'ELB',
    '2026-11-29T10:00:00.123456Z elb 10.0.0.7:2817 10.1.0.1:80 0.000073 0.001048 0.000057 502 - 0 29 "GET http://a:80/ HTTP/1.1" "curl"',
    utc,
    'ERROR',
  ],
  [
    'Squid',
    '1795946400.123    123 10.0.0.7 TCP_MISS/503 512 GET http://a/ - HIER_DIRECT/10.1.0.1 text/html',
    utc,
    'ERROR',
  ],
  ['Gin', '[GIN] 2026/11/29 - 10:00:00 | 404 |     1.2ms |       10.0.0.7 | GET      "/x"', wall, 'WARN'],
  [
    'IIS in its own format',
    '10.0.0.7, -, 11/29/26, 10:00:00, W3SVC2, SALES1, 10.1.0.1, 4502, 163, 3223, 500, 0, GET, /x, -,',
    wall,
    'NONE',
  ],
  [
    'JSON of nginx',
    '{"time_local":"29/Nov/2026:11:00:00 +0100","status":"502","request":"GET / HTTP/1.1"}',
    utc,
    'ERROR',
  ],
  ['JSON of Envoy', '{"start_time":"2026-11-29T10:00:00.123Z","method":"GET","response_code":503}', utc, 'ERROR'],
  ['JSON of Traefik', '{"DownstreamStatus":404,"StartUTC":"2026-11-29T10:00:00.123456789Z"}', utc, 'WARN'],
];

describe('access logs', () => {
  it.each(samples)('reads the line of %s %j at %s, without a level', (_, line, time) => {
    expect(read([line], late)).toEqual([`NONE ${time}`]);
  });

  it.each(samples)('reads the line of %s %j at %s, as %s by its status', (_, line, time, level) => {
    expect(read([line], { ...late, statusLevels: byStatus })).toEqual([`${level} ${time}`]);
  });

  it.each([
    ['\tat a.B.c(B.java:1)'],
    ['see [29/Nov/2026:11:00:00 +0100] for more'],
    ['/var/log/29/Nov/2026:11:00:00'],
    ['https 2026-11-29'],
  ])('does not read %j', (line) => {
    expect(read([line])[0]).toMatch(/^RAW/);
  });

  it('keeps the level of a line beside statusLevels', () => {
    const line = '{"level":"info","time":"2026-11-29T10:00:00Z","status":500}';
    expect(read([line], { statusLevels: byStatus })).toEqual([`INFO ${utc}`]);
  });
});

describe('logs with a header of columns', () => {
  const iis = [
    '#Software: Microsoft Internet Information Services 10.0',
    '#Version: 1.0',
    '#Fields: date time s-ip cs-method cs-uri-stem cs-username sc-status time-taken',
    '2026-11-29 10:00:00 10.0.0.1 GET /index.html - 200 15',
    '2026-11-29 10:01:00 10.0.0.1 POST /cart - 500 31',
    'no line of columns',
    '#Fields: sc-status time date',
    '404 10:02:00 2026-11-29',
  ];

  it('reads times of IIS in UTC, and a header as neither a record nor unparsed', () => {
    expect(read(iis)).toEqual([
      'CONT 2026-11-29T12:00',
      'CONT 2026-11-29T12:00',
      'CONT 2026-11-29T12:00',
      'NONE 2026-11-29T10:00',
      'NONE 2026-11-29T10:01',
      'CONT 2026-11-29T10:01',
      'CONT 2026-11-29T10:01',
      'NONE 2026-11-29T10:02',
    ]);
  });

  it('reads levels of IIS by status', () => {
    const levels = read(iis, { statusLevels: byStatus }).map((line) => line.split(' ')[0]);
    expect(levels).toEqual(['CONT', 'CONT', 'CONT', 'INFO', 'ERROR', 'CONT', 'CONT', 'WARN']);
  });

  it('takes the day of the header for lines without a date', () => {
    const lines = ['#Date: 2026-11-29 09:59:00', '#Fields: time c-ip sc-status', '10:00:00 10.0.0.7 200'];
    expect(read(lines).at(-1)).toBe(`NONE ${utc}`);
  });

  it.each([
    [
      'CloudFront',
      [
        '#Version: 1.0',
        '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status',
        '2026-11-29\t10:00:00\tFRA2\t45\t10.0.0.7\tGET\td1.cloudfront.net\t/a b\t503',
      ],
      `ERROR ${utc}`,
    ],
    [
      'the Windows firewall',
      ['#Version: 1.5', '#Time Format: Local', '#Fields: date time action protocol', '2026-11-29 05:00:00 DROP TCP'],
      `NONE ${utc}`,
    ],
    ['Exchange', ['#Fields: date-time,client-ip,status', '2026-11-29T10:00:00.123Z,10.0.0.7,503'], `ERROR ${utc}`],
    ['Zeek', ['#separator \\x09', '#fields\tts\tuid\thost\tstatus_code', '1795946400.123\tC1\ta\t404'], `WARN ${utc}`],
    ['quoted values', ['#Fields: cs(User-Agent) date time sc-status', '"a b" 2026-11-29 10:00:00 404'], `WARN ${utc}`],
  ])('reads those of %s', (_, lines, expected) => {
    expect(read(lines, { statusLevels: byStatus }).at(-1)).toBe(expected);
  });

  it('keeps bounded columns of a header without end', () => {
    const header = `#Fields: ${'x '.repeat(100_000)}date time`;
    expect(read([header, 'x '.repeat(100_000)])).toEqual(['CONT 2026-11-29T12:00', 'RAW 2026-11-29T12:00']);
  });

  it('takes no other line after a number sign for a header', () => {
    expect(read(['# a comment', '#Fields', '#1 x'])[0]).toMatch(/^RAW/);
  });
});
