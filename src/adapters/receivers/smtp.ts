import { createTransport } from 'nodemailer';
import type { NodemailerError } from 'nodemailer/lib/errors';
import { visible, truncate } from '../../html/escape';
import { TelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type { MailSender } from '../../ports/sender';
import type { Secret } from '../../secret';
import { buildMime } from '../mime';

export interface SmtpOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'none';
  /** PEM of the authorities to trust; null: those that come with Node. */
  readonly ca: string | null;
  readonly login: { readonly user: string; readonly password: Secret } | null;
  readonly clock: Clock;
}

/** Together less than the 60 s of `src/ports/delivery.ts`: resolve and connect, greet, and each answer. */
const TIMEOUTS = { dnsTimeout: 5_000, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };
const ALL_MS = 55_000;

/** A mail server. Keeps one connection open between mails. */
export function smtpSender({ name, host, port, tls, ca, login, clock }: SmtpOptions): MailSender {
  const transport = createTransport({
    pool: true,
    maxConnections: 1,
    // Its repeats would not be marked.
    maxRequeues: 0,
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(ca === null ? {} : { tls: { ca } }),
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password.reveal() } }),
    ...TIMEOUTS,
  });
  return {
    send: async (mail, { target }) => {
      const raw = await buildMime(mail, clock.now());
      const to = target.address === null ? mail.to : [target.address];
      try {
        const { response } = await transport.sendMail({
          envelope: { from: mail.from, to: [...to] },
          raw,
          signal: AbortSignal.timeout(ALL_MS),
        });
        return truncate(visible(response), 200);
      } catch (error) {
        throw explained(error, `Receiver ${name} (${host}:${port})`, login?.password ?? null);
      }
    },
    close: () => transport.close(),
  };
}

/** Only an answer about the sender, the address or the mail itself is a refusal; all else can be corrected. */
function explained(error: unknown, who: string, password: Secret | null): TelltaleError {
  const { message, code, originalCode, command, responseCode, permanent }: Partial<NodemailerError> =
    typeof error === 'object' && error !== null ? error : {};
  const plain = truncate(visible(message ?? String(error)), 300);
  const shown = password === null ? plain : plain.replaceAll(password.reveal(), '[secret]');
  const isAnswer = responseCode !== undefined && code !== 'ETLS';
  const reason = isAnswer ? `SMTP ${responseCode}` : (originalCode ?? code ?? 'unknown');
  const isAboutMail = command === 'MAIL FROM' || command === 'RCPT TO' || command === 'DATA' || command === 'API';
  const needsLogin = responseCode === 530 || responseCode === 535;
  if (isAboutMail && !needsLogin && (permanent === true || (command === 'API' && code === 'EENVELOPE'))) {
    return new TelltaleError('DELIVERY_REFUSED', `${who} refused: ${shown}`, { cause: error, reason });
  }
  const advice = adviceFor(code, needsLogin, /certificate|ssl|tls/i.test(plain));
  return new TelltaleError('DELIVERY_FAILED', `${who} failed: ${shown}${advice}`, { reason });
}

function adviceFor(code: string | undefined, needsLogin: boolean, isAboutTls: boolean): string {
  if (needsLogin || code === 'EAUTH' || code === 'ENOAUTH') return '; check user and password';
  if (code === 'ETLS' || isAboutTls)
    return '; check tls and port, and ca when the server has a certificate of its own authority';
  if (code === 'EDNS' || code === 'ESOCKET' || code === 'ETIMEDOUT') return '; check host, port and tls';
  return '';
}
