import { connect } from 'node:net';
import { resolve } from 'node:path';
import { TelltaleError } from '../../errors';
import { signalSocketPath } from './signal-socket-path';

const timeLimitMs = 5000;

/** The answer is one line: `ok` or `error <sentence>`. */
const longestAnswer = 4096;

/**
 * Hands one signal to the producer that runs on a data folder, and waits until it accepts.
 * @param payload an encoded signal (see `ingestion/signal/encoding.ts`)
 * @throws TelltaleError NO_PRODUCER when none runs, COMMAND_REFUSED when it refuses the signal, COMMAND_FAILED when it does
 *   not answer within 5 s
 */
export async function sendSignal(dataDir: string, payload: string): Promise<void> {
  const answer = await ask(dataDir, `${payload}\n`);
  if (answer === 'ok') return;
  const refusal = /^error (.+)$/.exec(answer)?.[1];
  if (refusal !== undefined) throw new TelltaleError('COMMAND_REFUSED', `the producer refused the signal: ${refusal}`);
  throw new TelltaleError(
    'COMMAND_FAILED',
    `the producer on ${resolve(dataDir)} did not answer the signal; send it again`,
  );
}

/** Resolves with the first line of the answer, or with the bytes received when the connection ends. */
function ask(dataDir: string, question: string): Promise<string> {
  return new Promise((answered, failed) => {
    const socket = connect(signalSocketPath(dataDir));
    let answer = '';
    const finish = (error?: TelltaleError): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error === undefined) answered(answer.split('\n', 1)[0] ?? '');
      else failed(error);
    };
    const timer = setTimeout(() => {
      finish(new TelltaleError('COMMAND_FAILED', `the producer on ${resolve(dataDir)} did not answer within 5 s`));
    }, timeLimitMs);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(question));
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.includes('\n') || answer.length > longestAnswer) finish();
    });
    socket.on('end', () => finish());
    socket.on('error', (cause) => finish(connectionError(dataDir, cause)));
  });
}

function connectionError(dataDir: string, cause: NodeJS.ErrnoException): TelltaleError {
  const folder = resolve(dataDir);
  switch (cause.code) {
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
    default:
      return new TelltaleError(
        'COMMAND_FAILED',
        `lost the producer on ${folder}: ${cause.message}; send the signal again`,
        {
          cause,
        },
      );
  }
}
