import type { SSMClient } from '@aws-sdk/client-ssm';
import { PAYLOAD_SHAPE } from '../../ingestion/signal/encoding';
import { TelltaleError } from '../../errors';
import type { CommandRunner } from '../../ports/command-runner';

export interface SsmCommandRunnerOptions {
  /** Every instance with this tag gets the command. */
  readonly target: TargetTag;
  /** Name or ARN of the custom SSM document (`conf/ssm-document.json`). */
  readonly document: string;
  /** By default region, credentials and endpoint come from the SDK's standard chain. */
  readonly client?: SSMClient;
}

export interface TargetTag {
  readonly key: string;
  readonly value: string;
}

/** A signal that is not delivered within a minute is stale: the listing of the bucket is as quick. SSM's default is an hour. */
const DELIVER_WITHIN_S = 60;

/** The queue tries again what fails twice. */
const MAX_ATTEMPTS = 2;

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
  const { target, document } = options;
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
      client ??= new SSMClient({ requestHandler: timeouts, maxAttempts: MAX_ATTEMPTS });
      const command = new SendCommandCommand({
        DocumentName: document,
        Targets: [{ Key: `tag:${target.key}`, Values: [target.value] }],
        Parameters: { payload: [payload] },
        TimeoutSeconds: DELIVER_WITHIN_S,
        // An instance that does not answer keeps no other waiting.
        MaxConcurrency: '100%',
        MaxErrors: '100%',
      });
      try {
        const { Command } = await client.send(command);
        if (Command?.CommandId === undefined) throw new Error('the answer holds no command id');
        return Command.CommandId;
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        throw new TelltaleError(
          refusals.has(name) ? 'COMMAND_REFUSED' : 'COMMAND_FAILED',
          `SSM did not take document ${document} for instances with ${target.key}=${target.value} (${name}: ${message}).`,
          { cause: error },
        );
      }
    },
  };
}
