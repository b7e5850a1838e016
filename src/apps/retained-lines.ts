import { openEventLog } from './compose';
import { DamageReport } from './damage-report';
import { findDataFolder } from './data-folder';
import { lineTopicsOf } from './topics';
import type { Config } from '../config';
import { TelltaleError } from '../errors';
import type { Io } from '../io';
import type { JobChain } from '../stream/job-chain';

const FETCH_BYTES = 1024 * 1024;
const FETCH_WAIT_MS = 5_000;

/**
 * Folds the lines that the event log still holds, partition by partition.
 * @returns the number of record batches, and `refuse`, which throws EVENT_LOG_DAMAGED when some cannot be read
 * @throws STOPPED
 */
export async function replayTopics(
  config: Config,
  chains: readonly JobChain[],
  io: Io,
): Promise<{ readonly batches: number; readonly refuse: () => void }> {
  const log = await openEventLog(config, findDataFolder(config));
  const damage = new DamageReport();
  let batches = 0;
  try {
    for (const topic of lineTopicsOf(config)) {
      for (let partition = 0; partition < config.eventLog.partitions; partition++) {
        const { start, end } = await log.offsets(topic, partition);
        const reader = log.openReader(topic, partition, start);
        for (let next = start; next < end;) {
          if (io.stop.aborted) throw new TelltaleError('STOPPED', 'Stopped.');
          const fetched = await reader.fetch(FETCH_BYTES, FETCH_WAIT_MS);
          for (const batch of fetched.batches) {
            for (const chain of chains) chain.foldBatch({ topic, partition, batch, startOffset: fetched.from });
            batches += 1;
          }
          for (const place of fetched.unreadable) damage.add({ topic, partition, ...place });
          next = fetched.next;
        }
        await reader.close();
      }
    }
  } finally {
    await log.close();
  }
  return {
    batches,
    refuse: () => {
      damage.refuse();
    },
  };
}
