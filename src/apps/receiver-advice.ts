import type { Receiver } from '../stream/receivers';

/** Why a message could not be delivered. */
export interface DeliveryFault {
  readonly kind: Receiver['kind'];
  /** The `reason` of the sender's error: `HTTP 404`, `SMTP 550`, a code such as `ENOTFOUND`, or SES's name of the error. */
  readonly reason: string;
  /** The message of the error. */
  readonly text: string;
  /** The sender of a mail; empty for other kinds. */
  readonly from: string;
}

interface Row {
  /** The kinds of receivers; absent: all. */
  readonly kinds?: readonly Receiver['kind'][];
  readonly reason?: readonly string[] | RegExp;
  readonly text?: RegExp;
  readonly when?: (fault: DeliveryFault) => boolean;
  readonly advice: string;
}

const http = ['webhook', 'slack', 'pagerduty', 'alertmanager'] as const;
const mails = ['smtp', 'ses'] as const;

const clock = 'The clock of this machine is wrong: set it (timedatectl), and keep it right with NTP.';

/** SES names the identities that failed its check, and the region. */
const unverified = /not verified|failed the check in region/i;
const isFromNamed = ({ text, from }: DeliveryFault): boolean => {
  const [, named = ''] = /failed the check in region [^:]*:(.*)$/is.exec(text) ?? [];
  const address = from.replace(/^.*<(.*)>$/, '$1').toLowerCase();
  return named === '' || named.toLowerCase().includes(address);
};

/**
 * The advice for each fault; the first row that matches. Reasons are those of Node (errno, TLS and OpenSSL), nodemailer
 * (src/errors), undici, HTTP (RFC 9110), SMTP (RFC 5321, RFC 4954), and the "Common errors" of the SES API reference.
 */
const rows: readonly Row[] = [
  // Amazon SES.
  {
    kinds: ['ses'],
    text: /region is missing/i,
    advice: 'No region is set: set region of this receiver, or AWS_REGION.',
  },
  {
    kinds: ['ses'],
    reason: ['CredentialsProviderError', 'MissingAuthenticationToken', 'MissingAuthenticationTokenException'],
    advice:
      'The AWS SDK found no credentials: give this machine a role, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and ' +
      'AWS_SECRET_ACCESS_KEY.',
  },
  {
    kinds: ['ses'],
    text: /signature expired|not yet current|too skewed|request has expired/i,
    advice: clock,
  },
  { kinds: ['ses'], reason: ['RequestExpired', 'RequestTimeTooSkewed'], advice: clock },
  {
    kinds: ['ses'],
    reason: [
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'ExpiredToken',
      'ExpiredTokenException',
      'IncompleteSignature',
    ],
    advice: 'AWS does not accept these credentials: renew the access key or the session of this machine.',
  },
  {
    kinds: ['ses'],
    reason: /^AccessDenied|^NotAuthorized|^OptInRequired/,
    advice: 'The credentials may not send: allow ses:SendRawEmail and ses:GetSendQuota to them.',
  },
  {
    kinds: ['ses'],
    text: unverified,
    when: isFromNamed,
    advice:
      'The address or domain of from is not verified in this region: verify it there, or set region to the one where it ' +
      'is. In the sandbox of SES, each address of to must be verified, too.',
  },
  {
    kinds: ['ses'],
    text: unverified,
    advice:
      'The account is in the sandbox of SES in this region, which sends only to verified addresses: verify this address, ' +
      'or ask AWS for production access.',
  },
  {
    kinds: ['ses'],
    reason: ['ConfigurationSetDoesNotExist', 'ConfigurationSetDoesNotExistException'],
    advice: 'This region has no such configuration set: correct configurationSet, or leave it out.',
  },
  {
    kinds: ['ses'],
    reason: /^AccountSendingPaused|^ConfigurationSetSendingPaused|^ProductionAccessNotGranted/,
    advice: 'AWS has stopped the sending of this account: its SES console says why.',
  },
  {
    kinds: ['ses'],
    reason: ['DailyQuota', 'LimitExceededException'],
    advice: 'The daily quota is used up: wait, or ask AWS for a higher one.',
  },
  {
    kinds: ['ses'],
    reason: ['ENOTFOUND', 'EAI_AGAIN'],
    advice: 'SES has no address in this region, or this machine has no DNS: check region.',
  },

  // TLS.
  {
    kinds: ['smtp'],
    reason: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    advice: 'The certificate of the server names another host: set host to a name that it lists.',
  },
  {
    reason: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    advice: 'The certificate of the server names another host: use a name that it lists in the URL.',
  },
  {
    kinds: ['smtp'],
    reason: /^(SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(VERIFY_LEAF|GET_ISSUER))/,
    advice: 'The authority of the certificate is not known here: set ca to the PEM file of that authority.',
  },
  {
    reason: /^(SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(VERIFY_LEAF|GET_ISSUER))/,
    advice:
      'The authority of the certificate is not known here: name its PEM file in the environment variable ' +
      'NODE_EXTRA_CA_CERTS when Telltale starts.',
  },
  {
    reason: ['CERT_HAS_EXPIRED'],
    advice: 'The certificate of the server has expired: renew it. If it has not, correct the clock of this machine.',
  },
  { reason: ['CERT_NOT_YET_VALID'], advice: clock },
  {
    kinds: ['smtp'],
    reason: ['ETLS'],
    advice:
      'The server does not offer STARTTLS on this port: use tls: implicit with port 465, or tls: none where the network ' +
      'is trusted.',
  },
  {
    kinds: ['smtp'],
    reason: /^EPROTO$|^ERR_SSL_/,
    advice: 'TLS failed: use tls: starttls with port 587, or tls: implicit with port 465.',
  },
  { reason: /^EPROTO$|^ERR_SSL_/, advice: 'TLS failed: check the port of the URL, and whether it is https or http.' },

  // The network.
  {
    reason: ['ENOTFOUND', 'EAI_AGAIN', 'EDNS'],
    advice: 'The name of the host has no address: check its spelling, and the DNS of this machine.',
  },
  {
    reason: ['ECONNREFUSED'],
    advice: 'Nothing takes connections at this host and port: check both, and whether the server runs.',
  },
  {
    reason: ['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
    advice: 'This machine has no route to the host: check its network and its routes.',
  },
  {
    kinds: ['smtp'],
    reason: ['ETIMEDOUT'],
    text: /greeting/i,
    advice: 'The server accepts the connection and says nothing: with port 465, use tls: implicit.',
  },
  {
    reason: ['ETIMEDOUT', 'TimeoutError', 'ABORT_ERR', 'EABORT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'],
    advice: 'No answer in time: check host and port, and whether a firewall lets this machine connect.',
  },
  {
    reason: ['ECONNRESET', 'ECONNECTION', 'EPIPE', 'UND_ERR_SOCKET', 'ESOCKET'],
    advice: 'The server closed the connection: check the port, and whether it expects TLS.',
  },

  // Mail servers.
  {
    kinds: ['smtp'],
    reason: ['EAUTH', 'ENOAUTH', 'SMTP 530', 'SMTP 534', 'SMTP 535', 'SMTP 538'],
    advice: 'The login failed: check user and password; some providers want a password made for this application.',
  },
  {
    kinds: ['smtp'],
    reason: /^SMTP 5/,
    text: /relay/i,
    advice: 'The server does not pass on mail from here: set user and password, or use another server.',
  },
  {
    kinds: ['smtp'],
    reason: ['SMTP 550', 'SMTP 551', 'SMTP 553', 'SMTP 556', 'EENVELOPE'],
    advice: 'The server refuses an address: check to and from; the answer says which.',
  },
  {
    kinds: ['smtp'],
    reason: /^SMTP 4/,
    advice: 'The server refuses for now: try again in some minutes. Telltale does so by itself.',
  },
  { kinds: ['smtp'], reason: /^SMTP 5/, advice: 'The server refuses the mail; its answer says why.' },
  { kinds: mails, reason: /^InvalidParameterValue$/, advice: 'An address is not valid: check from and to.' },

  // HTTP.
  {
    kinds: ['slack'],
    reason: ['HTTP 403', 'HTTP 404', 'HTTP 410'],
    advice: 'The webhook was removed, or its URL is incomplete: make an incoming webhook in Slack, and set its URL.',
  },
  {
    kinds: ['slack'],
    reason: ['HTTP 200'],
    advice: 'Slack would have answered ok: the URL does not lead to an incoming webhook.',
  },
  {
    kinds: ['pagerduty'],
    reason: ['HTTP 400', 'HTTP 401', 'HTTP 403'],
    advice: 'PagerDuty does not accept the key: set the integration key of a service that has Events API v2.',
  },
  {
    kinds: ['webhook'],
    reason: ['HTTP 401', 'HTTP 403'],
    advice:
      'The receiver does not accept the credentials: check key, or the user and password in the URL. A signature is ' +
      'refused, too, where the clock of this machine is wrong.',
  },
  {
    kinds: http,
    reason: ['HTTP 401', 'HTTP 403'],
    advice: 'The receiver does not accept the credentials: check the user and password in the URL.',
  },
  {
    kinds: http,
    reason: ['HTTP 404', 'HTTP 405', 'HTTP 410'],
    advice: 'Nothing takes messages at this path: check the URL.',
  },
  { kinds: http, reason: /^HTTP 3/, advice: 'The URL leads elsewhere: set the URL to which it redirects.' },
  { kinds: http, reason: ['HTTP 429'], advice: 'The receiver takes no more messages for now: try again later.' },
  {
    kinds: http,
    reason: /^HTTP 4/,
    advice: 'The receiver does not understand the message: check the URL and the kind.',
  },
  { kinds: http, reason: /^HTTP 5/, advice: 'The receiver has a fault of its own: try again, or read its log.' },
];

/** The advice for a delivery that failed. Pure. */
export function deliveryAdvice(fault: DeliveryFault): string {
  return rows.find((row) => matches(row, fault))?.advice ?? 'The answer says why; docs/receivers.md has all keys.';
}

function matches({ kinds, reason, text, when }: Row, fault: DeliveryFault): boolean {
  if (kinds !== undefined && !kinds.includes(fault.kind)) return false;
  if (reason instanceof RegExp ? !reason.test(fault.reason) : reason?.includes(fault.reason) === false) return false;
  return (text?.test(fault.text) ?? true) && (when?.(fault) ?? true);
}
