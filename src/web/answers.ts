import { escapeControls } from '../escape-controls';
import { html, visible, type Markup } from '../html/escape';
import { isTelltaleError } from '../errors';
import { firstMailOf, LAST_MAILS, lastMails, mailboxPage, MAILS_A_PAGE, mailPage, readMail } from './mail-pages';
import { metricsText } from './metrics-text';
import { pagePolicy, pageText } from './page';
import type { Metric } from '../stream/view';
import type { WebSource } from './source';

/** An answer; the server adds the headers that all answers have. */
export interface Answer {
  readonly status: 200 | 401 | 403 | 404 | 405 | 429 | 500 | 503;
  readonly type: string;
  /** Content-Security-Policy. */
  readonly policy: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing may be loaded, run or framed. */
const closed = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** The HTML part of a mail: its own styles, nothing else, in an origin of its own. */
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/**
 * @param path of the request's URL, still encoded
 * @throws any error of the source, except for a mail that does not exist
 */
export async function answerTo(path: string, source: WebSource, query = new URLSearchParams()): Promise<Answer> {
  if (path === '/') {
    const sections = source.sections(lastMails(await source.mails(0, LAST_MAILS)), query);
    return page(200, statusPage([...problemsSection(source.problems()), ...sections]));
  }
  if (path === '/mail') {
    const from = firstMailOf(query);
    return page(200, mailboxPage(await source.mails(from, MAILS_A_PAGE), from));
  }
  if (path === '/metrics') return metricsOf(source.metrics());
  const health = healthOf(path, source);
  if (health !== null) return health;
  const [, encoded, part] = /^\/mail\/([^/]+)(?:\/(html|raw))?$/.exec(path) ?? [];
  const raw = encoded === undefined ? null : await mailNamed(encoded, source);
  if (encoded === undefined || raw === null) return notFound();
  if (part === 'raw') return rawMail(encoded, raw);
  const mail = await readMail(raw);
  if (part === 'html') return { status: 200, type: 'text/html; charset=utf-8', policy: mailPolicy, body: mail.html };
  return page(200, mailPage(encoded, mail));
}

/** The answers of a program without pages. */
export function metricsAnswerTo(
  path: string,
  metrics: readonly Metric[],
  source: Pick<WebSource, 'problems' | 'deaths'>,
): Answer {
  if (path === '/metrics') return metricsOf(metrics);
  const health = healthOf(path, source);
  if (health !== null) return health;
  return plain(404, 'There is nothing here: the metrics are at /metrics.\n');
}

/**
 * `/livez` (also `/healthz`) fails when only a restart may help, `/readyz` when the program does not do all of its work. Null
 * for other paths. An answer at all shows that the event loop turns.
 */
function healthOf(path: string, source: Pick<WebSource, 'problems' | 'deaths'>): Answer | null {
  if (path === '/readyz') return verdict('not ready', source.problems());
  return path === '/livez' || path === '/healthz' ? verdict('not alive', source.deaths()) : null;
}

function verdict(not: string, problems: readonly string[]): Answer {
  if (problems.length === 0) return plain(200, 'ok\n');
  return plain(503, `${not}\n${problems.map((problem) => `${escapeControls(problem)}\n`).join('')}`);
}

function problemsSection(problems: readonly string[]): Markup[] {
  if (problems.length === 0) return [];
  return [
    html`<section>
      <h2 class="alarm">Not ready</h2>
      ${problems.map((problem) => html`<p>${visible(problem)}</p>`)}
    </section>`,
  ];
}

function metricsOf(metrics: readonly Metric[]): Answer {
  return plain(200, metricsText(metrics), 'text/plain; version=0.0.4; charset=utf-8');
}

/** A file name without any meaning to a file system, a header or a URL: it needs no decoding. */
const mailName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Null unless it is one of the source's mails: only a plain file name reaches the source. */
async function mailNamed(name: string, source: WebSource): Promise<Buffer | null> {
  if (!mailName.test(name)) return null;
  try {
    return await source.mail(name);
  } catch (error) {
    if (isTelltaleError(error, 'FILE_NOT_FOUND')) return null;
    throw error;
  }
}

function rawMail(name: string, body: Buffer): Answer {
  const headers = { 'content-disposition': `attachment; filename="${name}"` };
  return { status: 200, type: 'message/rfc822', policy: closed, body, headers };
}

function statusPage(main: readonly Markup[]): string {
  return pageText({ title: 'Status', here: 'status', main, live: true });
}

function notFound(): Answer {
  const main = html`<section>
    <h1>There is nothing here</h1>
    <p>The status is at <a href="/">/</a>, the mails are at <a href="/mail">/mail</a>.</p>
  </section>`;
  return page(404, pageText({ title: 'Not found', here: 'none', main, live: false }));
}

/** An answer of one sentence. */
export function plain(status: Answer['status'], body: string, type = 'text/plain; charset=utf-8'): Answer {
  return { status, type, policy: closed, body };
}

function page(status: Answer['status'], body: string): Answer {
  return { status, type: 'text/html; charset=utf-8', policy: pagePolicy, body };
}
