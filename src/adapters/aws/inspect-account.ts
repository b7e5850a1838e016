import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AccountFacts } from '../../doctor/account';
import type { Clock } from '../../ports/clock';

/** One try within the time of a check. */
export const ONE_TRY = { maxAttempts: 1, requestHandler: { connectionTimeout: 3_000, requestTimeout: 4_500 } };

/** Asks AWS who calls. @throws an error of the SDK */
export async function inspectAccount(clock: Clock, signal: AbortSignal): Promise<AccountFacts> {
  const client = new STSClient(ONE_TRY);
  let date: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      if (typeof response === 'object' && response !== null && 'headers' in response) {
        date = (response.headers as Readonly<Record<string, string>>)['date'];
      }
      return result;
    },
    { step: 'deserialize', name: 'telltaleDate' },
  );
  try {
    const { Arn: arn = 'an unknown identity' } = await client.send(new GetCallerIdentityCommand({}), {
      abortSignal: signal,
    });
    const answeredAt = Date.parse(date ?? '');
    const region = await client.config.region();
    return { arn, region, answeredAt: Number.isNaN(answeredAt) ? null : answeredAt, now: clock.now() };
  } finally {
    client.destroy();
  }
}
