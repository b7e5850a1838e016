import { ConnectionError } from './errors';

/**
 * The SASL mechanism OAUTHBEARER (RFC 7628). A broker that refuses a token says so inside a successful answer, and closes the
 * connection after the next request (3.2.3).
 */

/** The first message of a client, after its length. */
export function bearerMessage(token: string): Buffer {
  const message = Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** @throws ConnectionError when the broker's answer holds a refusal */
export function checkRefusal(answer: string): void {
  if (answer === '') return;
  throw new RefusedToken(`the broker refuses the token: ${answer.slice(0, REFUSAL_CHARS)}`);
}

const REFUSAL_CHARS = 200;

class RefusedToken extends ConnectionError {
  /** For kafkajs, which would send the next one. */
  readonly retriable = false;

  constructor(message: string) {
    super('credentials', message, undefined);
  }
}
