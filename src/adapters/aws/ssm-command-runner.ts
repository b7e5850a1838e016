import type { SSMClient } from '@aws-sdk/client-ssm';
import { PAYLOAD_SHAPE } from '../../ingestion/signal/encoding';
import { TelltaleError } from '../../errors';
import type { CommandRunner } from '../../ports/command-runner';

export interface SsmCommandRunnerOptions {
  /** The instance that the producer runs on. */
  readonly instanceId: string;
  /** Name or ARN of the custom SSM document (`conf/ssm-document.json`). */
  readonly document: string;
  /** By default region, credentials and endpoint come from the SDK's standard chain. */
  readonly client?: SSMClient;
}

/** Long enough for a slow answer, short enough for a Lambda function's default time limit of some seconds. */
const timeouts = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/**
 * Errors of the caller's making, by the names that `SendCommand` documents. Not among them: InvalidInstanceId, which is
 * also what SSM says of an instance that is just starting.
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
 * Sends a signal through Systems Manager: the custom document with its one parameter, `payload`. Does not wait for the command
 * to run. The SDK is loaded by the first command, so that whoever sends none does not pay for it.
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
