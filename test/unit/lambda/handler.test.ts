import { createHandler, handler } from '../../../lambda/handler';
import { decodeSignal } from '../../../src/ingestion/signal/encoding';
import type { Signal } from '../../../src/ingestion/signal/signal';
import { TelltaleError } from '../../../src/errors';
import type { CommandRunner } from '../../../src/ports/command-runner';
import { s3Event, s3Record, s3TestEvent, sqsEvent } from '../../support/s3-events';
import { startFakeSsm } from './fake-ssm';

/** Accepts every command but the first few. */
function recordingRunner(failures = 0): CommandRunner & { readonly signals: Signal[]; readonly payloads: string[] } {
  const signals: Signal[] = [];
  const payloads: string[] = [];
  let left = failures;
  return {
    signals,
    payloads,
    send: (payload) => {
      if (left-- > 0) return Promise.reject(new TelltaleError('COMMAND_FAILED', 'ThrottlingException: Rate exceeded'));
      signals.push(decodeSignal(payload));
      payloads.push(payload);
      return Promise.resolve(`command-${signals.length}`);
    },
  };
}

const quiet = { info: () => undefined, warn: () => undefined };

describe('the Lambda handler', () => {
  it('sends one command for all records', async () => {
    const runner = recordingRunner();
    const result = await createHandler(
      runner,
      quiet,
    )(s3Event('logs/host-1/a+b.log', 'logs/host-2/c.log', 'logs/host-2/c.log'));
    expect(runner.signals).toEqual([
      { v: 2, bucket: 'amzn-s3-demo-bucket', keys: ['logs/host-1/a b.log', 'logs/host-2/c.log'] },
    ]);
    expect(result).toEqual({ sent: 1, keys: 2, ignored: 0 });
  });

  it('sends one command for each bucket', async () => {
    const runner = recordingRunner();
    await createHandler(runner, quiet)({ Records: [s3Record('a'), s3Record('b', { bucket: 'other-bucket' })] });
    expect(runner.signals).toMatchObject([{ bucket: 'amzn-s3-demo-bucket' }, { bucket: 'other-bucket', keys: ['b'] }]);
  });

  it('fails when the command cannot be sent, so that the queue delivers the events again', async () => {
    const handled = createHandler(recordingRunner(1), quiet)(s3Event('a.log', 'b.log'));
    await expect(handled).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining('for 2 objects of amzn-s3-demo-bucket could not be sent: Throttl') as unknown,
    });
  });

  it('sends no command for test events, deletions, folders and broken records, and counts them', async () => {
    const runner = recordingRunner();
    const handle = createHandler(runner, quiet);
    await expect(handle(s3TestEvent)).resolves.toEqual({ sent: 0, keys: 0, ignored: 1 });
    const removed = s3Record('a.log', { eventName: 'ObjectRemoved:Delete' });
    const event = { Records: [removed, 7, s3Record('logs/h/'), s3Record('b.log')] };
    await expect(handle(event)).resolves.toEqual({ sent: 1, keys: 1, ignored: 3 });
    expect(runner.signals).toMatchObject([{ keys: ['b.log'] }]);
  });

  it('logs each reason once for a batch, with figures that CloudWatch reads', async () => {
    const logged: unknown[] = [];
    const log = { ...quiet, info: (message: string, fields?: object) => void logged.push({ message, ...fields }) };
    await createHandler(recordingRunner(), log)({ Records: [7, 8, s3Record('b.log')] });
    expect(logged).toMatchObject([
      { message: 'ignored', reason: 'a record without eventName', records: 2 },
      { message: 'signal sent', keys: 1 },
      { message: 'done', sent: 1, keys: 1, ignored: 2, _aws: { CloudWatchMetrics: [{ Namespace: 'Telltale' }] } },
    ]);
  });

  it('makes a few commands of a storm of 10,000 events, also while SSM throttles', async () => {
    const runner = recordingRunner(2);
    const handle = createHandler(runner, quiet);
    const keys = Array.from({ length: 10_000 }, (_, i) => `logs/host-${i % 2000}/app.log`);
    const batches = Array.from({ length: 10 }, (_, i) =>
      sqsEvent(...keys.slice(i * 1000, (i + 1) * 1000).map((key) => s3Event(key))),
    );
    // As the queue does: a batch that failed comes again.
    let tries = 0;
    for (const batch of batches) {
      for (let done = false; !done; tries++) done = await handle(batch).then(Boolean, () => false);
    }
    expect(tries).toBe(12);
    expect(runner.payloads.length).toBeLessThanOrEqual(10);
    expect(Math.max(...runner.payloads.map(({ length }) => length))).toBeLessThanOrEqual(4096);
    // 1,000 keys do not fit into a command: each asks for a listing, which finds every one of them.
    expect(runner.signals).toEqual(batches.map(() => ({ v: 2, bucket: 'amzn-s3-demo-bucket', list: true })));
  });
});

describe('the handler that AWS calls', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
    jest.restoreAllMocks();
  });

  it('names a missing variable, and sends through SSM once all are set', async () => {
    jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const ssm = await startFakeSsm({ document: 'telltale-signal', tag: 'telltale:signals', value: 'prod' });
    try {
      process.env['TELLTALE_DOCUMENT'] = 'telltale-signal';
      delete process.env['TELLTALE_TARGET_TAG'];
      const named = (text: string) => ({ code: 'CONFIG', message: expect.stringContaining(text) as string });
      await expect(handler(s3Event('a.log'))).rejects.toMatchObject(named('TELLTALE_TARGET_TAG is missing'));
      process.env['TELLTALE_TARGET_TAG'] = 'prod';
      await expect(handler(s3Event('a.log'))).rejects.toMatchObject(named('has to be KEY=VALUE'));

      Object.assign(process.env, {
        TELLTALE_TARGET_TAG: 'telltale:signals=prod',
        AWS_ENDPOINT_URL_SSM: ssm.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      });
      await expect(handler(s3Event('a.log'))).resolves.toEqual({ sent: 1, keys: 1, ignored: 0 });
      expect(ssm.commands.map(({ Parameters }) => decodeSignal(Parameters.payload[0] ?? ''))).toMatchObject([
        { keys: ['a.log'] },
      ]);
    } finally {
      await ssm.close();
    }
  });
});
