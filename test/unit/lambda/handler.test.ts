import { createHandler, handler } from '../../../lambda/handler';
import { decodeSignal } from '../../../src/ingestion/signal/encoding';
import { TelltaleError } from '../../../src/errors';
import type { CommandRunner } from '../../../src/ports/command-runner';
import { s3Event, s3Record, s3TestEvent } from '../../support/s3-events';
import { startFakeSsm } from './fake-ssm';

/** Accepts every signal except those for some keys. */
function recordingRunner(refused: readonly string[] = []): CommandRunner & { readonly keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    send: (payload) => {
      const { key } = decodeSignal(payload);
      if (refused.includes(key)) return Promise.reject(new TelltaleError('COMMAND_FAILED', `no ${key} today`));
      keys.push(key);
      return Promise.resolve(`command-${keys.length}`);
    },
  };
}

const quiet = { info: () => undefined, warn: () => undefined };

describe('the Lambda handler', () => {
  it('sends one signal for each record', async () => {
    const runner = recordingRunner();
    const result = await createHandler(runner, quiet)(s3Event('logs/host-1/a+b.log', 'logs/host-2/c.log'));
    expect(runner.keys).toEqual(['logs/host-1/a b.log', 'logs/host-2/c.log']);
    expect(result).toEqual({ sent: 2, ignored: 0 });
  });

  it('sends the other signals and then fails when one signal fails, so that Lambda tries again', async () => {
    const runner = recordingRunner(['b.log']);
    const handled = createHandler(runner, quiet)(s3Event('a.log', 'b.log', 'c.log'));
    await expect(handled).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: '1 of 3 signals could not be sent.',
    });
    expect(runner.keys).toEqual(['a.log', 'c.log']);
  });

  it('sends no signal for test events, deletions and broken records', async () => {
    const runner = recordingRunner();
    const handle = createHandler(runner, quiet);
    await expect(handle(s3TestEvent)).resolves.toEqual({ sent: 0, ignored: 1 });
    const removed = s3Record('a.log', { eventName: 'ObjectRemoved:Delete' });
    await expect(handle({ Records: [removed, 7, s3Record('b.log')] })).resolves.toEqual({ sent: 1, ignored: 2 });
    expect(runner.keys).toEqual(['b.log']);
  });

  it('does not fail when a key is too long to send, because a retry would not help', async () => {
    const runner = recordingRunner();
    const result = await createHandler(runner, quiet)(s3Event('%01'.repeat(1000), 'b.log'));
    expect(runner.keys).toEqual(['b.log']);
    expect(result).toEqual({ sent: 1, ignored: 1 });
  });
});

describe('the handler that AWS calls', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
    jest.restoreAllMocks();
  });

  it('names a missing variable, and sends through SSM once all are set', async () => {
    jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const ssm = await startFakeSsm({ document: 'telltale-signal', instanceId: 'i-1' });
    try {
      delete process.env['TELLTALE_INSTANCE_ID'];
      await expect(handler(s3Event('a.log'))).rejects.toMatchObject({
        code: 'CONFIG',
        message: expect.stringContaining('TELLTALE_INSTANCE_ID') as string,
      });

      Object.assign(process.env, {
        TELLTALE_INSTANCE_ID: 'i-1',
        TELLTALE_DOCUMENT: 'telltale-signal',
        AWS_ENDPOINT_URL_SSM: ssm.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      });
      await expect(handler(s3Event('a.log'))).resolves.toEqual({ sent: 1, ignored: 0 });
      expect(ssm.commands.map(({ Parameters }) => decodeSignal(Parameters.payload[0] ?? '').key)).toEqual(['a.log']);
    } finally {
      await ssm.close();
    }
  });
});
