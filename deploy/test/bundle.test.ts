import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSignal } from '../../src/ingestion/signal/encoding';
import { startFakeSsm, type FakeSsm } from '../../test/unit/lambda/fake-ssm';
import { s3Event, sqsEvent } from '../../test/support/s3-events';
import { bundleHandler } from '../lib/bundle';
import { repository } from '../lib/document';

/**
 * The bundle as Lambda runs it: by AWS's runtime interface client, against a server that speaks the Runtime API
 * ("Using the Lambda runtime API", AWS Lambda Developer Guide).
 */
const BUILD_MS = 900_000;
const bundle = bundleHandler();

let ssm: FakeSsm;
let runtime: RuntimeApi;
let client: ChildProcess;
const said: string[] = [];

beforeAll(async () => {
  const program = execFileSync(join(repository, 'scripts/install-lambda-ric'), { encoding: 'utf8' }).trim();
  ssm = await startFakeSsm({ document: 'telltale-signal', tag: 'telltale:signals', value: 'prod' });
  runtime = await startRuntimeApi();
  client = spawn(process.execPath, [program, 'index.handler'], {
    cwd: bundle,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      AWS_LAMBDA_RUNTIME_API: runtime.address,
      LAMBDA_TASK_ROOT: bundle,
      AWS_LAMBDA_FUNCTION_NAME: 'telltale',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SSM: ssm.endpoint,
      TELLTALE_DOCUMENT: 'telltale-signal',
      TELLTALE_TARGET_TAG: 'telltale:signals=prod',
    },
  });
  for (const stream of [client.stdout, client.stderr]) stream?.on('data', (text: Buffer) => said.push(text.toString()));
}, BUILD_MS);
afterAll(async () => {
  client.kill('SIGKILL');
  await runtime.close();
  await ssm.close();
});

test('is smaller than 1 MB', () => {
  expect(statSync(join(bundle, 'index.js')).size).toBeLessThan(1_000_000);
});

test('handles a batch of a queue, and sends one command', async () => {
  const answer = await runtime.invoke(sqsEvent(s3Event('logs/web-1/a+b.log'), s3Event('logs/web-2/c.log'), '{'));
  expect(answer).toEqual({ ok: { sent: 1, keys: 2, ignored: 1 } });
  expect(decodeSignal(ssm.commands.at(-1)?.Parameters.payload[0] ?? '')).toEqual({
    v: 2,
    bucket: 'amzn-s3-demo-bucket',
    keys: ['logs/web-1/a b.log', 'logs/web-2/c.log'],
  });
  const lines = said.join('').split('\n');
  const figures = lines.find((line) => line.includes('CloudWatchMetrics'));
  expect(JSON.parse(figures ?? '{}')).toMatchObject({
    sent: 1,
    keys: 2,
    ignored: 1,
    _aws: { Timestamp: expect.any(Number) as unknown },
  });
});

test('fails the event when SSM refuses, and handles the next one', async () => {
  // Both tries of the SDK.
  for (let tries = 0; tries < 2; tries++) ssm.answerNext(400, 'ThrottlingException', 'Rate exceeded');
  expect(await runtime.invoke(s3Event('logs/a.log'))).toMatchObject({
    error: { errorMessage: expect.stringContaining('ThrottlingException') as unknown },
  });
  expect(await runtime.invoke(s3Event('logs/a.log'))).toEqual({ ok: { sent: 1, keys: 1, ignored: 0 } });
});

test('asks for a listing when a batch names 1,000 objects, and prints how long it takes (aim: less than 50 ms)', async () => {
  const batch = sqsEvent(...Array.from({ length: 1000 }, (_, i) => s3Event(`logs/host-${i}/app.log`)));
  const times: number[] = [];
  for (let round = 0; round < 9; round++) {
    const start = performance.now();
    expect(await runtime.invoke(batch)).toEqual({ ok: { sent: 1, keys: 1000, ignored: 0 } });
    times.push(performance.now() - start);
  }
  expect(decodeSignal(ssm.commands.at(-1)?.Parameters.payload[0] ?? '')).toMatchObject({ list: true });
  const median = times.sort((a, b) => a - b)[4];
  console.log(`a batch of 1,000 events takes ${median?.toFixed(1) ?? ''} ms at the median, SSM's answer included`);
});

interface RuntimeApi {
  readonly address: string;
  /** Hands an event to the client, and waits for its answer. */
  invoke(event: unknown): Promise<{ readonly ok: unknown } | { readonly error: unknown }>;
  close(): Promise<void>;
}

type Answered = (answer: { readonly ok: unknown } | { readonly error: unknown }) => void;

async function startRuntimeApi(): Promise<RuntimeApi> {
  const events: string[] = [];
  const answered: Answered[] = [];
  let waiting: ServerResponse | null = null;
  let id = 0;
  const hand = (): void => {
    const event = waiting === null ? undefined : events.shift();
    if (event === undefined || waiting === null) return;
    waiting.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': `request-${++id}`,
      'lambda-runtime-deadline-ms': `${Date.now() + 30_000}`,
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:111122223333:function:telltale',
    });
    waiting.end(event);
    waiting = null;
  };
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      waiting = response;
      hand();
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      response.writeHead(202).end();
      const parsed: unknown = body === '' ? null : JSON.parse(body);
      answered.shift()?.(path.endsWith('/response') ? { ok: parsed } : { error: parsed });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoke: (event) =>
      new Promise((done) => {
        answered.push(done);
        events.push(JSON.stringify(event));
        hand();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
