import { statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { listenForSignals, type SignalSocket } from '../../../../src/adapters/embedded/signal-socket';
import { encodeBatch } from '../../../../src/ingestion/signal/encoding';
import type { Signal } from '../../../../src/ingestion/signal/signal';
import { TelltaleError } from '../../../../src/errors';
import { tempFolders } from '../../../support/temp-folder';

const folders = tempFolders();
const payload = encodeBatch('telltale-logs', ['logs/a.log', 'logs/b.log']);

let path: string;
let socket: SignalSocket;
let taken: Signal[];
let fault: Error | null;
beforeEach(async () => {
  path = join(folders.make(), 'signal.sock');
  taken = [];
  fault = null;
  socket = await listenForSignals({
    path,
    mode: 0o660,
    accept: (signal) => {
      if (fault !== null) throw fault;
      taken.push(signal);
      return 'accepted 2 of 2 keys';
    },
  });
});
afterEach(() => socket.close());

interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function ask({ method = 'POST', target = '/signal', body = '', headers = {} }: Asked): Promise<[number, string]> {
  return new Promise((answered, failed) => {
    const sent = request({ socketPath: path, path: target, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => answered([response.statusCode ?? 0, text.trimEnd()]));
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

describe('the signal socket', () => {
  it('takes a payload, also before a line end, and says what it took', async () => {
    expect(await ask({ body: payload })).toEqual([202, 'accepted 2 of 2 keys']);
    expect(await ask({ body: `${payload}\n` })).toEqual([202, 'accepted 2 of 2 keys']);
    expect(taken).toEqual(Array(2).fill({ v: 2, bucket: 'telltale-logs', keys: ['logs/a.log', 'logs/b.log'] }));
  });

  it('can be opened by its user and group alone', () => {
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  it.each<[string, Asked, number, string]>([
    ['another path', { target: '/', body: payload }, 404, 'there is nothing here but /signal'],
    ['another method', { method: 'GET' }, 405, 'a signal is sent with POST'],
    ['no payload', {}, 400, 'The signal was refused: it is not base64url without padding.'],
    [
      'bytes that are not text',
      { body: '\u0000ÿ' },
      400,
      'The signal was refused: it is not base64url without padding.',
    ],
    ['a long payload', { body: 'a'.repeat(5000) }, 400, 'The signal was refused: it has more than 4096 characters.'],
    ['a longer body', { body: 'a'.repeat(8193) }, 413, 'a signal has at most 4096 characters'],
    ['one in pieces', { body: 'a'.repeat(9000), headers: { 'transfer-encoding': 'chunked' } }, 413, 'a signal has at most 4096 characters'], // prettier-ignore
  ])('refuses %s', async (_, asked, status, sentence) => {
    expect(await ask(asked)).toEqual([status, sentence]);
    expect(taken).toEqual([]);
  });

  it('answers with the reason of a refusal, and hides faults of its own', async () => {
    fault = new TelltaleError('BAD_SIGNAL', 'this producer reads another bucket');
    expect(await ask({ body: payload })).toEqual([400, 'this producer reads another bucket']);
    fault = new Error('secret');
    expect(await ask({ body: payload })).toEqual([
      503,
      'the signal could not be taken; the next listing finds the objects',
    ]);
  });

  it.each([
    ['not HTTP', `${payload}\n`],
    ['a head of 20 kB', `POST /signal HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['two lengths', 'POST /signal HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('ends a connection that sends %s, and takes the next signal', async (_, bytes) => {
    await new Promise<void>((closed) => {
      const client = connect(path, () => client.write(bytes));
      client.resume().on('close', () => closed());
      client.on('error', () => undefined);
    });
    expect(taken).toEqual([]);
    expect((await ask({ body: payload }))[0]).toBe(202);
  });

  it('closes while a client holds a connection', async () => {
    const client = connect(path);
    client.on('error', () => undefined);
    await new Promise((open) => client.once('connect', open));
    await socket.close();
    client.destroy();
  });
});
