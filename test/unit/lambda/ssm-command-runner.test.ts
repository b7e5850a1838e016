import { SSMClient } from '@aws-sdk/client-ssm';
import { createSsmCommandRunner } from '../../../src/adapters/aws/ssm-command-runner';
import { encodeSignal } from '../../../src/ingestion/signal/encoding';
import type { CommandRunner } from '../../../src/ports/command-runner';
import { startFakeSsm, type FakeSsm } from './fake-ssm';

const document = 'telltale-signal';
const target = { key: 'telltale:signals', value: 'prod' };
const payload = encodeSignal({ v: 1, bucket: 'telltale-logs', key: 'logs/host-1/"$(reboot)`.log' });

describe('the SSM command runner', () => {
  let ssm: FakeSsm;
  let client: SSMClient;
  let runner: CommandRunner;

  beforeAll(async () => {
    ssm = await startFakeSsm({ document, tag: target.key, value: target.value });
    client = new SSMClient({
      endpoint: ssm.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    runner = createSsmCommandRunner({ document, target, client });
  });
  afterAll(async () => {
    client.destroy();
    await ssm.close();
  });

  it('sends the custom document with its one parameter to the instances with the tag', async () => {
    await expect(runner.send(payload)).resolves.toBe('b8eac879-0541-439d-94ec-47a80d554f44');
    expect(ssm.commands).toEqual([
      {
        DocumentName: document,
        Targets: [{ Key: 'tag:telltale:signals', Values: ['prod'] }],
        Parameters: { payload: [payload] },
        TimeoutSeconds: 60,
        MaxConcurrency: '100%',
        MaxErrors: '100%',
      },
    ]);
  });

  it.each(['', '$(reboot)', 'a b', `${payload}\n`, 'a'.repeat(4097)])('never sends %j', async (hostile) => {
    const before = ssm.commands.length;
    await expect(runner.send(hostile)).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    expect(ssm.commands).toHaveLength(before);
  });

  test.each([
    [400, 'InvalidDocument', 'COMMAND_REFUSED', false],
    [400, 'AccessDeniedException', 'COMMAND_REFUSED', false],
    [400, 'InvalidTarget', 'COMMAND_FAILED', true],
    [400, 'ThrottlingException', 'COMMAND_FAILED', true],
    [500, 'InternalServerError', 'COMMAND_FAILED', true],
  ])('turns the answer %i %s of SSM into %s', async (status, type, code, retriable) => {
    ssm.answerNext(status, type, 'as the service says it');
    await expect(runner.send(payload)).rejects.toMatchObject({ code, retriable });
  });

  it('names document and tag when there is no answer', async () => {
    const unreachable = new SSMClient({
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    const lonely = createSsmCommandRunner({ document, target, client: unreachable });
    await expect(lonely.send(payload)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining(`document ${document} for instances with telltale:signals=prod`) as string,
    });
    unreachable.destroy();
  });
});
