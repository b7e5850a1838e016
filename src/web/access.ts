import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../secret';

/** Who may see pages: with the user and password, or with the token. One of the two is set. */
export interface Access {
  readonly login: { readonly user: string; readonly password: Secret } | null;
  readonly token: Secret | null;
  /** True: `/metrics` needs neither. */
  readonly openMetrics: boolean;
}

/** Probes of an orchestrator have no login: these say only whether the program works. */
const openPaths: readonly string[] = ['/livez', '/healthz', '/readyz'];

/**
 * True when a request may be answered.
 * @param path of the request's URL, still encoded
 * @param authorization the header: `Basic` (RFC 7617) or `Bearer` (RFC 6750)
 */
export function mayRead({ login, token, openMetrics }: Access, path: string, authorization = ''): boolean {
  if (openPaths.includes(path) || (openMetrics && path === '/metrics')) return true;
  const [, scheme = '', credentials = ''] = /^(basic|bearer) +([^ ]+) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return token !== null && isEqual(credentials, token.reveal());
  if (scheme === '' || login === null) return false;
  return isEqual(Buffer.from(credentials, 'base64').toString('utf8'), `${login.user}:${login.password.reveal()}`);
}

/** The value of `WWW-Authenticate`. */
export function challenge({ login }: Access): string {
  return login === null ? 'Bearer realm="Telltale"' : 'Basic realm="Telltale", charset="UTF-8"';
}

/** Takes the same time for any guess: digests have one length. */
function isEqual(guess: string, value: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(guess), digest(value));
}
