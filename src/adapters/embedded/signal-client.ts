import { request } from 'node:http';
import { resolve } from 'node:path';
import { errnoOf } from '../../errno';
import { TelltaleError } from '../../errors';
import type { ProducerAt } from './signal-socket-path';

const timeLimitMs = 5000;
const longestAnswer = 4096;

interface Answer {
  readonly status: number;
  readonly sentence: string;
}

/**
 * Hands one signal to a running producer, and waits until it accepts.
 * @param payload an encoded signal (see `ingestion/signal/encoding.ts`)
 * @throws TelltaleError NO_PRODUCER when none runs, COMMAND_REFUSED when it refuses the signal, COMMAND_FAILED when it does
 *   not answer within 5 s
 */
export async function sendSignal(producer: ProducerAt, payload: string): Promise<void> {
  const { status, sentence } = await ask(producer, payload);
  if (status === 202) return;
  if (status >= 400 && status < 500) {
    throw new TelltaleError('COMMAND_REFUSED', `the producer refused the signal: ${sentence}`);
  }
  const message = `the producer on ${resolve(producer.dataDir)} did not answer the signal; send it again`;
  throw new TelltaleError('COMMAND_FAILED', message);
}

function ask(producer: ProducerAt, body: string): Promise<Answer> {
  const folder = resolve(producer.dataDir);
  return new Promise((answered, failed) => {
    const signal = AbortSignal.timeout(timeLimitMs);
    const fail = (cause: unknown): void => {
      const late = new TelltaleError('COMMAND_FAILED', `the producer on ${folder} did not answer within 5 s`);
      failed(signal.aborted ? late : connectionError(folder, cause));
    };
    const headers = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) };
    const sent = request(
      {
        socketPath: producer.socket,
        host: 'localhost',
        path: '/signal',
        method: 'POST',
        headers,
        agent: false,
        signal,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text = (text + part).slice(0, longestAnswer);
        });
        response.on('end', () =>
          answered({ status: response.statusCode ?? 0, sentence: text.split('\n', 1)[0] ?? '' }),
        );
        response.on('error', fail);
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}

function connectionError(folder: string, cause: unknown): TelltaleError {
  switch (errnoOf(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return new TelltaleError('NO_PRODUCER', `no producer runs on ${folder}; start one: telltale producer`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new TelltaleError('NO_PRODUCER', `this user may not talk to the producer on ${folder}`, {
        cause,
        retriable: false,
      });
    case 'ECONNRESET':
    case 'HPE_INVALID_CONSTANT':
      return new TelltaleError('COMMAND_FAILED', `the producer on ${folder} did not answer the signal; send it again`, {
        cause,
      });
    default: {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new TelltaleError('COMMAND_FAILED', `lost the producer on ${folder}: ${reason}; send the signal again`, {
        cause,
      });
    }
  }
}
