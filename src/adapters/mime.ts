import { createTransport } from 'nodemailer';
import addressParser from 'nodemailer/lib/addressparser';

import { addressProblem } from '../config/mail-address';
import { TelltaleError } from '../errors';
import type { OutgoingMail } from '../ports/mail-transport';

/** Limits of SES (API v1). Telltale's own mails are below 100 kB. */
const MAX_RECIPIENTS = 50;
const MAX_BYTES = 10_000_000;

/**
 * Builds the MIME form of a mail: multipart/alternative of text and HTML, with `X-Telltale-Mail-Id`.
 * @param at the `Date:` header, epoch milliseconds
 * @throws DELIVERY_REFUSED when an address is invalid, a header holds a control character, or the mail is too large
 */
export async function buildMime(mail: OutgoingMail, at: number): Promise<Buffer> {
  for (const value of [mail.id, mail.from, mail.subject, ...mail.to]) refuseControlCharacters(mail.id, value);
  if (!/^[\x21-\x7e]+$/.test(mail.id)) throw refused(mail.id, 'its id is not of printable ASCII characters');
  if (mail.to.length === 0 || mail.to.length > MAX_RECIPIENTS) {
    throw refused(mail.id, `it must go to 1 to ${MAX_RECIPIENTS} addresses, not ${mail.to.length}`);
  }
  for (const address of [mail.from, ...mail.to]) checkAddress(mail.id, address);

  const builder = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message } = await builder.sendMail({
    from: mail.from,
    to: [...mail.to],
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    date: new Date(at),
    ...threadHeaders(mail),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  if (!Buffer.isBuffer(message)) throw new TelltaleError('INTERNAL', 'nodemailer built a stream instead of a buffer.');
  if (message.length > MAX_BYTES) {
    throw refused(mail.id, `it has ${message.length} bytes; the most is ${MAX_BYTES}`);
  }
  return message;
}

/**
 * Headers of automatic mail. A mail that is sent twice has one `Message-ID`. All mails of a thread refer to a root that no mail
 * has: mail programs gather them under it (RFC 5322, section 3.6.4; RFC 3834; RFC 2919).
 */
function threadHeaders({ id, from, thread }: OutgoingMail): object {
  const domain = /@([^@<>]+)>?$/.exec(from)?.[1] ?? 'localhost';
  const safe = (text: string): string => text.replace(/[^A-Za-z0-9-]/g, '-').slice(0, 100);
  const root = `<${safe(thread)}.incident@${domain}>`;
  return {
    messageId: `<${safe(id)}.mail@${domain}>`,
    inReplyTo: root,
    references: root,
    headers: {
      'X-Telltale-Mail-Id': id,
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'List-Id': { prepared: true, value: `<telltale.${domain}>` },
    },
  };
}

/**
 * Accepts exactly one address, as `Name <name@example.com>` or `name@example.com`. Nodemailer's parser is lenient: it
 * splits `o ps@example.com` into a name and an address. Its result must therefore equal the input.
 */
function checkAddress(id: string, text: string): void {
  const written = /<([^<>]*)>$/.exec(text)?.[1] ?? text;
  const [read, ...others] = addressParser(text);
  const isOne = others.length === 0 && read?.address === written;
  const problem = isOne ? addressProblem(written) : 'is not one mail address';
  if (problem !== null) throw refused(id, `${JSON.stringify(text.slice(0, 320))} ${problem}`);
}

function refuseControlCharacters(id: string, value: string): void {
  // eslint-disable-next-line no-control-regex -- matches control characters on purpose
  if (/[\x00-\x1f\x7f\u0085\u2028\u2029]/.test(value)) {
    throw refused(id, `${JSON.stringify(value.slice(0, 80))} holds a line break or control character`);
  }
}

function refused(id: string, why: string): TelltaleError {
  return new TelltaleError(
    'DELIVERY_REFUSED',
    `Mail ${JSON.stringify(id.slice(0, 80))} cannot be sent: ${why}; correct it.`,
  );
}
