import type { SSMClient } from '@aws-sdk/client-ssm';
import { PAYLOAD_SHAPE } from '../../ingestion/signal/encoding';
import { TelltaleError } from '../../errors';
import type { CommandRunner } from '../../ports/command-runner';

export interface SsmCommandRunnerOptions {
  /** The producer's instance. */
  readonly instanceId: string;
  /** Name or ARN of the custom SSM document (`conf/ssm-document.json`). */
  readonly document: string;
  /** By default region, credentials and endpoint come from the SDK's standard chain. */
  readonly client?: SSMClient;
}

/** Long enough for a slow answer, short enough for a Lambda function's default time limit of some seconds. */
const timeouts = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/**
 * Errors caused by the caller, by their names in the `SendCommand` documentation. InvalidInstanceId is not one: SSM
 * also returns it for an instance that is still starting.
 */
const refusals = new Set([
  'AccessDeniedException',
  'InvalidDocument',
  'InvalidDocumentVersion',
  'InvalidParameters',
  'UnsupportedPlatformType',
  'ValidationException',
]);

/**
 * Sends a signal through Systems Manager: the custom document with its one parameter, `payload`. Does not wait until
 * the command runs. The first command loads the SDK, so that programs without one start faster.
 */
export function createSsmCommandRunner(options: SsmCommandRunnerOptions): CommandRunner {
  const { instanceId, document } = options;
  let client = options.client;
  return {
    async send(payload) {
      if (!PAYLOAD_SHAPE.test(payload)) {
        throw new TelltaleError(
          'COMMAND_REFUSED',
          'Only base64url text of at most 4,096 characters is sent through SSM.',
        );
      }
      const { SendCommandCommand, SSMClient } = await import('@aws-sdk/client-ssm');
      client ??= new SSMClient({ requestHandler: timeouts });
      const command = new SendCommandCommand({
        DocumentName: document,
        InstanceIds: [instanceId],
        Parameters: { payload: [payload] },
      });
      try {
        const { Command } = await client.send(command);
        if (Command?.CommandId === undefined) throw new Error('the answer holds no command id');
        return Command.CommandId;
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        throw new TelltaleError(
          refusals.has(name) ? 'COMMAND_REFUSED' : 'COMMAND_FAILED',
          `SSM did not take document ${document} for instance ${instanceId} (${name}: ${message}).`,
          { cause: error },
        );
      }
    },
  };
}
