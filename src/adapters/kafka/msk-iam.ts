import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';

import { TelltaleError } from '../../errors';

/**
 * Makes a token for Amazon MSK with IAM authentication: a signed request that the broker sends to AWS for this user. The
 * token is made on this machine, with the credentials of the AWS SDK's standard chain (environment, profile, container,
 * instance). It is valid for 15 minutes.
 * @throws EVENT_LOG_DENIED when there are no credentials
 */
export async function mskIamToken(region: string): Promise<string> {
  try {
    const { token } = await generateAuthToken({ region });
    return token;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
    const message = `Cannot sign in to Amazon MSK: ${reason}; check the AWS credentials that this program runs with.`;
    throw new TelltaleError('EVENT_LOG_DENIED', message, { cause });
  }
}
