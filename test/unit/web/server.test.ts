import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { WindowRecord } from '../../../src/pipelines/level-alerts/counting/window-record';
import { report } from '../level-alerts/mail/sample-reports';
import { TelltaleError } from '../../../src/errors';
import { Secret } from '../../../src/secret';
import { answerTo, metricsAnswerTo, type Answer } from '../../../src/web/answers';
import { ShownWindows } from '../../../src/pipelines/level-alerts/shown-windows';
import { statusSections, type Shown } from '../../../src/pipelines/level-alerts/status-page';
import { startWeb, type WebOptions, type WebServer } from '../../../src/web/server';
import type { MailList, WebSource } from '../../../src/web/source';

const hostile = '<img src=x onerror=alert(1)>\u202e"\'&';
const name = '20261120T100630000Z-m-1-abcd1234.eml';
const eml = [
  'From: telltale@example.com',
  'To: ops@example.com',
  'Subject: =?utf-8?Q?<b>hi=E2=80=AE?=',
  'X-Telltale-Mail-Id: m-1',
  'MIME-Version: 1.0',
  'Content-Type: multipart/alternative; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'plain <script>alert(1)</script>',
  '--b',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<h1>verdict</h1><script>alert(1)</script>',
  '--b--',
  '',
].join('\r\n');

function windowOf(minute: number, changes: Partial<WindowRecord> = {}): WindowRecord {
  const start = Date.parse('2026-11-20T10:00:00Z') + minute * 60_000;
  return {
    v: 1,
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(start + 60_000).toISOString(),
    origin: hostile,
    counts: { error: 37, warn: 1, info: 1200, debug: 0, none: 0 },
    continuation: 0,
    unparsed: 0,
    lines: 1238,
    again: 0,
    future: 0,
    expired: 0,
    gaps: 0,
    newest: start,
    watermark: start,
    idle: false,
    revision: 1,
    complete: true,
    patterns: [],
    otherPatterns: 0,
    samples: [],
    engine: 'telltale/0.1.0',
    ...changes,
  };
}

const sectionsOf =
  (shown: Shown): WebSource['sections'] =>
  (lastMails, query) =>
    statusSections(shown, lastMails, query);

function shownWindows(...windows: WindowRecord[]): ShownWindows {
  const all = new ShownWindows();
  for (const window of windows) all.put(`${window.origin} ${window.windowStart}`, window);
  return all;
}

const nothing: Shown = { windows: shownWindows(), mails: 0, undelivered: [] };

const oneMail = { name, subject: hostile, to: ['ops@example.com'], sentAt: 1_763_633_190_000 };

const source: WebSource = {
  sections: sectionsOf({
    windows: shownWindows(windowOf(3), windowOf(5), windowOf(4)),
    mails: 1,
    undelivered: [
      { report: report({ id: 'm-2' }), target: `slack/${hostile}`, attempts: 1, refusal: hostile },
      { report: report({ id: 'm-3' }), target: null, attempts: 4, refusal: null },
    ],
  }),
  mails: () => Promise.resolve({ total: 1, mails: [oneMail] }),
  mail: (wanted) =>
    wanted === name
      ? Promise.resolve(Buffer.from(eml))
      : Promise.reject(new TelltaleError('FILE_NOT_FOUND', `There is no mail ${wanted}.`)),
  metrics: () => [{ name: 'telltale_lines_total', help: 'Lines read', type: 'counter', value: 5 }],
  problems: () => [],
  deaths: () => [],
};

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends the path as it is: `fetch` would tidy it up. */
function get(
  url: string,
  path: string,
  options: { method?: string; host?: string; authorization?: string } = {},
): Promise<Got> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const { authorization } = options;
    const headers = { host: options.host ?? `${hostname}:${port}`, ...(authorization ? { authorization } : {}) };
    const sent = httpRequest(
      { hostname, port, path, method: options.method ?? 'GET', headers, agent: false },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (body += part));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

function serve(shown: WebSource, change: Partial<WebOptions> = {}): Promise<WebServer> {
  const answer: WebOptions['answer'] = (path, query) => answerTo(path, shown, query);
  return startWeb({ host: '127.0.0.1', port: 0, section: 'web', answer, ...change });
}

describe('the web server', () => {
  let web: WebServer;
  const cleanUp: (() => void)[] = [];
  afterEach(() => cleanUp.splice(0).forEach((each) => each()));
  beforeAll(async () => {
    web = await serve(source);
  });
  afterAll(() => web.close());

  it('shows totals, windows and mails, with everything from outside inert', async () => {
    const { status, body } = await get(web.url, '/');
    expect(status).toBe(200);
    expect(body).toContain('3,714');
    expect(body).toContain('2026-11-20 10:05');
    expect(body).toContain(`href="/mail/${name}"`);
    expect(body).toContain('&#60;img src=x onerror=alert(1)&#62;\\u202e&#34;&#39;&#38;');
    expect(body).not.toMatch(/<img|\u202e/);
  });

  it('shows the mails that were refused, and those that wait', async () => {
    const { body } = await get(web.url, '/');
    expect(body).toContain('2 undelivered mails');
    expect(body).toContain('refused: &#60;img src=x onerror=alert(1)&#62;');
    expect(body).toContain('waiting, 4 attempts');
    const other = await serve({ ...source, sections: sectionsOf(nothing) });
    expect((await get(other.url, '/')).body).not.toContain('undelivered');
    await other.close();
  });

  it('says so when nothing was counted and nothing was mailed', async () => {
    const empty = {
      ...source,
      sections: sectionsOf(nothing),
      mails: () => Promise.resolve({ total: 0, mails: [] }),
    };
    const other = await serve(empty, { host: 'localhost' });
    const { body } = await get(other.url, '/');
    await other.close();
    expect(body).toContain('Nothing has been counted yet');
    expect(body).toContain('No mail yet');
  });

  it('shows a mail: headers, a frame that may do nothing, and the text part', async () => {
    const { status, headers, body } = await get(web.url, `/mail/${name}`);
    expect(status).toBe(200);
    expect(body).toContain('<h1>&#60;b&#62;hi\\u202e</h1>');
    expect(body).toContain('X-Telltale-Mail-Id');
    expect(body).toContain(`sandbox="" src="/mail/${name}/html"`);
    expect(body).toContain(`href="/mail/${name}/raw"`);
    expect(body).toContain('plain &#60;script&#62;alert(1)&#60;/script&#62;');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('serves the HTML part in a sandbox of its own', async () => {
    const { headers, body } = await get(web.url, `/mail/${name}/html`);
    expect(body).toContain('<h1>verdict</h1>');
    expect(headers['content-security-policy']).toMatch(/^sandbox; default-src 'none'; style-src 'unsafe-inline'/);
  });

  it('serves the mail itself as a file', async () => {
    const { headers, body } = await get(web.url, `/mail/${name}/raw`);
    expect(body).toBe(eml);
    expect(headers).toMatchObject({
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${name}"`,
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    '/nothing',
    '/mail/',
    '/mail/../../etc/passwd',
    '/mail/..%2f..%2fetc%2fpasswd',
    '/mail/%00',
    '/mail/other.eml',
    `/mail/${name}/other`,
    '//evil.example/',
    '*',
  ])('has nothing at %s, and does not ask the source for it', async (path) => {
    const { status, body } = await get(web.url, path);
    expect(status).toBe(404);
    expect(body).toContain('There is nothing here');
  });

  it('serves metrics and health', async () => {
    expect((await get(web.url, '/healthz')).body).toBe('ok\n');
    const { headers, body } = await get(web.url, '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toContain('telltale_lines_total 5\n');
  });

  it.each<[string, string, [number, number], string[], string[]]>([
    ['the newest mails', '/mail', [0, 100], ['250 mails', '/mail?from=100">and 150 older mails'], ['newer mails']],
    [
      'older mails',
      '/mail?from=100',
      [100, 100],
      ['250 mails', '/mail?from=0">newer mails', '/mail?from=200">and 50 older mails'],
      [],
    ],
    ['the oldest mails', '/mail?from=200', [200, 100], ['/mail?from=100">newer mails'], ['older mail']],
    ['the newest mails when the number is not valid', '/mail?from=-1e3x', [0, 100], ['and 150 older mails'], []],
    ['five mails on the status page', '/', [0, 5], ['/mail">and 245 older mails'], ['newer mails']],
  ])('asks for %s only', async (_, path, asked, shown, hidden) => {
    const calls: [number, number][] = [];
    const many = await serve({
      ...source,
      mails: (from, most) => {
        calls.push([from, most]);
        return Promise.resolve({
          total: 250,
          mails: Array.from({ length: Math.min(most, 250 - from) }, () => oneMail),
        });
      },
    });
    const { body } = await get(many.url, path);
    expect(calls).toEqual([asked]);
    for (const text of shown) expect(body).toContain(text);
    for (const text of hidden) expect(body).not.toContain(text);
  });

  it('lets a page run one script and one style, known by their hashes', async () => {
    const { headers, body } = await get(web.url, '/mail');
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/script-src 'sha256-[^']+'/);
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(body).not.toMatch(/\sstyle=|\son[a-z]+=(?!alert)/);
  });

  it.each([
    ['127.0.0.1', 200],
    ['localhost:9999', 200],
    ['telltale.localhost', 200],
    ['[::1]:80', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['10.0.0.7', 403],
    ['localhost.evil.example', 403],
  ])('answers a request for host %s with %i', async (host, status) =>
    expect((await get(web.url, '/', { host })).status).toBe(status),
  );

  it.each([
    ['telltale.example.com:443', 200],
    ['Telltale.Example.com', 200],
    ['evil.example', 403],
    ['evil.telltale.example.com', 403],
  ])('answers a request for host %s with %i when telltale.example.com is allowed', async (host, status) => {
    const other = await serve(source, { allowedHosts: ['telltale.example.com'] });
    const got = await get(other.url, '/', { host });
    await other.close();
    expect(got.status).toBe(status);
    if (status === 403) expect(got.body).toContain('add the name to web.allowedHosts');
  });

  it('asks for user and password on all paths but those of probes', async () => {
    const login = { user: 'ops', password: new Secret('T0KEN') };
    const other = await serve(source, { access: { login, token: null, openMetrics: false } });
    const paths = [
      '/',
      '/mail',
      `/mail/${name}/raw`,
      '/metrics',
      '/nothing',
      '//livez',
      '/livez',
      '/healthz',
      '/readyz',
    ];
    const answers = await Promise.all(paths.map((path) => get(other.url, path)));
    const authorization = `Basic ${Buffer.from('ops:T0KEN').toString('base64')}`;
    const allowed = await get(other.url, '/', { authorization });
    await other.close();
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401, 200, 200, 200]);
    expect(answers[0]?.headers['www-authenticate']).toBe('Basic realm="Telltale", charset="UTF-8"');
    expect(answers[0]?.body).not.toContain('T0KEN');
    expect(allowed.status).toBe(200);
  });

  it('answers HEAD without a body, and refuses to change anything', async () => {
    const head = await get(web.url, '/', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(1000);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await get(web.url, '/', { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
  });

  it('answers 500 without details when a source fails', async () => {
    const broken = { ...source, mails: () => Promise.reject(new Error('disk /secret/path is gone')) };
    const other = await serve(broken);
    const { status, body } = await get(other.url, '/');
    await other.close();
    expect(status).toBe(500);
    expect(body).not.toContain('secret');
  });

  it('gives the answer that is asked for when it closes, and does not wait for silent connections', async () => {
    let ready: (mails: MailList) => void = () => undefined;
    let asked: () => void = () => undefined;
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const mails = (): Promise<MailList> => {
      asked();
      return new Promise((resolve) => (ready = resolve));
    };
    const other = await serve({ ...source, mails });
    const silent = connect(Number(new URL(other.url).port), '127.0.0.1');
    cleanUp.push(() => silent.destroy());
    await once(silent, 'connect');
    const answer = get(other.url, '/mail');
    await wasAsked;
    const closed = other.close();
    ready({ total: 0, mails: [] });
    expect((await answer).status).toBe(200);
    await closed;
    await other.close();
  });

  it('is ready while nothing is held, and names a held job on /readyz and on the status page', async () => {
    expect(await get(web.url, '/readyz')).toMatchObject({ status: 200, body: 'ok\n' });
    const held = await serve({ ...source, problems: () => [`counting-0 is held: ${hostile}`] });
    const [ready, healthy, status] = await Promise.all(['/readyz', '/healthz', '/'].map((path) => get(held.url, path)));
    await held.close();
    expect(ready).toMatchObject({ status: 503 });
    expect(ready?.body).toContain('not ready\ncounting-0 is held: ');
    expect(healthy).toMatchObject({ status: 200 });
    expect(status?.body).toContain('counting-0 is held: ');
    expect(status?.body).not.toContain(hostile);
  });

  it('is not alive when only a restart may help, under both names', async () => {
    const dead = await serve({ ...source, deaths: () => [`counting-0 has stopped: ${hostile}`] });
    const answers = await Promise.all(['/livez', '/healthz', '/readyz'].map((path) => get(dead.url, path)));
    await dead.close();
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(answers[0]?.body).toContain('not alive\ncounting-0 has stopped: ');
    expect(answers[1]?.body).toBe(answers[0]?.body);
  });

  it('says in one sentence that its port is taken', async () => {
    const port = Number(new URL(web.url).port);
    await expect(serve(source, { port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `Port ${port} of 127.0.0.1 is in use by another program: end it, or set web.port to another port.`,
    });
  });
});

describe('web server of a program without pages', () => {
  it('serves metrics and health alone', async () => {
    const health = { problems: () => ['it starts'], deaths: () => [] };
    const answer = (path: string): Answer => metricsAnswerTo(path, source.metrics(), health);
    const web = await startWeb({ host: '127.0.0.1', port: 0, section: 'producer.web', answer });
    const paths = ['/metrics', '/healthz', '/livez', '/readyz', '/', '/mail'];
    const answers = await Promise.all(paths.map((path) => get(web.url, path)));
    await web.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 503, 404, 404]);
    expect(answers[0]?.body).toContain('# TYPE ');
    expect(answers[0]?.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('names its own setting when its port is taken', async () => {
    const answer = (path: string): Answer => metricsAnswerTo(path, [], source);
    const web = await startWeb({ host: '127.0.0.1', port: 0, section: 'producer.web', answer });
    const port = Number(new URL(web.url).port);
    const again = startWeb({ host: '127.0.0.1', port, section: 'producer.web', answer });
    await expect(again).rejects.toThrow('set producer.web.port to another port.');
    await web.close();
  });
});
