import { domainToASCII } from 'node:url';

/**
 * The addresses that mails can go to. The configuration and the senders have the same rules, so that an address that is
 * accepted at the start is not refused at each send.
 */

/** Each is one address in the form of RFC 5321's dot-string: no quotes, no comment, no address literal. */
const ASCII_LOCAL = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
/** RFC 6531 adds all other characters that can be printed: for the message about them. */
const ANY_LOCAL =
  /^(?:[\w!#$%&'*+/=?^`{|}~-]|[^\p{ASCII}\p{C}\p{Z}])+(?:\.(?:[\w!#$%&'*+/=?^`{|}~-]|[^\p{ASCII}\p{C}\p{Z}])+)*$/u;
const DOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

/** Limits of RFC 5321, in bytes. */
const MAX_LOCAL = 64;
const MAX_DOMAIN = 255;

/**
 * Says why a mail cannot be sent to or from this address; null when it can. Before the `@` it must be ASCII: SES and most mail
 * servers refuse others (SMTPUTF8).
 */
export function addressProblem(address: string): string | null {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const domain = address.slice(at + 1);
  if (at < 0 || !ANY_LOCAL.test(local) || !isDomain(domain)) {
    return 'is not one plain mail address such as ops@example.com';
  }
  if (Buffer.byteLength(local) > MAX_LOCAL) return `has more than ${MAX_LOCAL} bytes before the @`;
  if (ASCII_LOCAL.test(local)) return null;
  return 'has characters before the @ that only mail servers with SMTPUTF8 accept: use an address such as joerg@example.com';
}

/** A name in another script has an ASCII form, which servers look for. */
function isDomain(domain: string): boolean {
  if (DOMAIN.test(domain)) return domain.length <= MAX_DOMAIN;
  // `domainToASCII` accepts more than names of hosts.
  if (!/^[^\p{C}\p{Z}]+$/u.test(domain) || /[^\p{L}\p{N}\p{M}.-]/u.test(domain)) return false;
  const ascii = domainToASCII(domain);
  return ascii.length <= MAX_DOMAIN && DOMAIN.test(ascii);
}
