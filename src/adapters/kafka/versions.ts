import { TelltaleError } from '../../errors';
import { apis } from './api/apis';
import type { Broker } from './connections';

/**
 * Checks that a broker knows every request that Telltale sends.
 * @throws EVENT_LOG_UNSUPPORTED
 */
export function checkVersions(broker: Broker): void {
  for (const [name, { key, version }] of Object.entries(apis)) {
    const spoken = broker.versionsOf(key);
    if (spoken !== null && spoken.min <= version && version <= spoken.max) continue;
    const answer = spoken === null ? 'does not know it' : `speaks ${spoken.min} to ${spoken.max}`;
    const message = `Telltale needs transactions: the broker's ${name} must speak version ${version}, and this one ${answer}`;
    throw new TelltaleError('EVENT_LOG_UNSUPPORTED', `${message}. Use Apache Kafka 2.4 or newer.`);
  }
}
