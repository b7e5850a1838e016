import { visible, truncate } from '../../html/escape';
import { TelltaleError } from '../../errors';
import type { Secret } from '../../secret';

/** How a receiver answers, beyond what HTTP says. */
export interface Answering {
  /** Names the receiver in messages. */
  readonly name: string;
  /** Statuses that mean: this message is refused, now and later. */
  readonly refusals: readonly number[];
  /** True when a refusal is not about the message: the receiver's settings are wrong, and can be corrected. */
  readonly isSetting?: (body: string) => boolean;
  /** An answer with another body is a failure, with any status. */
  readonly isAccepted?: (body: string) => boolean;
}

export interface Request {
  readonly url: Secret;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never shown: an answer may quote them. */
  readonly secrets?: readonly Secret[];
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Far below the 60 s of `src/ports/delivery.ts`. */
const TIMEOUT_MS = 30_000;
/** An answer is a short text: more is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Posts JSON. Follows no redirect: the configuration names the final address, and a signature or key goes nowhere else.
 * @throws DELIVERY_REFUSED when the receiver refuses this message; DELIVERY_FAILED after everything else but success. No
 *   message holds the URL or a secret. `reason` is `HTTP 404`, or the code of the fault such as `ENOTFOUND`.
 */
export async function postJson({ url, body, headers, secrets = [] }: Request, how: Answering): Promise<Answer> {
  const { address, authorization, parts } = readUrl(url);
  const hidden = [...parts, ...secrets.map((secret) => secret.reveal())].sort((a, b) => b.length - a.length);
  const conceal = (text: string): string => hidden.reduce((left, part) => left.replaceAll(part, '[secret]'), text);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let answer: string;
  try {
    response = await fetch(address, {
      method: 'POST',
      redirect: 'manual',
      signal,
      headers: { 'content-type': 'application/json', 'user-agent': 'telltale', ...authorization, ...headers },
      body,
    });
    answer = await readStart(response);
  } catch (error) {
    const why = signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : reasonOf(error);
    const message = conceal(`Receiver ${how.name} cannot be reached: ${why}.`);
    throw new TelltaleError('DELIVERY_FAILED', message, { reason: signal.aborted ? 'ETIMEDOUT' : codeOf(error) });
  }
  const { status } = response;
  if (response.ok && (how.isAccepted?.(answer) ?? true)) return { status, body: answer };
  const said = answer === '' ? '' : ` (${truncate(visible(conceal(answer)).trim(), 200)})`;
  const message = `Receiver ${how.name} answered ${status}${said}${adviceFor(status)}`;
  const reason = `HTTP ${status}`;
  if (how.refusals.includes(status) && how.isSetting?.(answer) !== true) {
    throw new TelltaleError('DELIVERY_REFUSED', message, { reason });
  }
  const retryAfterMs = retryAfter(response.headers.get('retry-after'));
  throw new TelltaleError('DELIVERY_FAILED', message, {
    reason,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}

/** `fetch` takes no user and password in a URL. Its path and query often hold a token. */
function readUrl(url: Secret): {
  readonly address: string;
  readonly authorization: Readonly<Record<string, string>>;
  /** No message holds them. */
  readonly parts: readonly string[];
} {
  const parsed = new URL(url.reveal());
  const [user, password] = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)];
  const { pathname, search } = parsed;
  parsed.username = '';
  parsed.password = '';
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  return {
    address: parsed.href,
    authorization: user === '' && password === '' ? {} : { authorization: `Basic ${encoded}` },
    parts: [url.reveal(), parsed.href, pathname, search, password, encoded].filter((part) => part.length > 1),
  };
}

function adviceFor(status: number): string {
  if (status >= 300 && status < 400) return ': a redirect; set the URL to which it leads';
  if (status === 401 || status === 403) return ': check its key or password';
  if (status === 404 || status === 410) return ': check its URL';
  return '';
}

/** Node hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = fieldOf(error, 'cause') ?? error;
  const message = fieldOf(cause, 'message');
  if (typeof message === 'string' && message !== '') return visible(message);
  const code = fieldOf(cause, 'code');
  return typeof code === 'string' ? code : 'the request failed';
}

/** A code of the system, of TLS, or of undici. */
function codeOf(error: unknown): string {
  const code = fieldOf(fieldOf(error, 'cause') ?? error, 'code');
  return typeof code === 'string' ? code : 'unknown';
}

function fieldOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

async function readStart(response: Response): Promise<string> {
  if (response.body === null) return '';
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    if (!(part instanceof Uint8Array)) break;
    parts.push(part);
    size += part.length;
    if (size >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

/** Seconds, or a date (RFC 9110); null when there is no time to wait. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}
