import type { Config } from '../config';
import { TelltaleError } from '../errors';

/**
 * The region of an Amazon MSK cluster; null where none is needed.
 * @throws CONFIG when neither the configuration nor the environment names it
 */
export function kafkaRegion({ eventLog: { kind, kafka } }: Pick<Config, 'eventLog'>): string | null {
  if (kind !== 'kafka' || kafka.sasl.mechanism !== 'aws-msk-iam') return null;
  const region = kafka.sasl.region ?? process.env['AWS_REGION'] ?? '';
  if (region !== '') return region;
  const message = 'expected the region of the cluster, such as eu-central-1, or AWS_REGION in the environment';
  throw new TelltaleError('CONFIG', `eventLog.kafka.sasl.region: ${message}`);
}
