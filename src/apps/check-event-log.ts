import { statSync } from 'node:fs';

import { quickCheck, quickCheckNow } from '../adapters/embedded/quick-check';
import type { Config } from '../config';
import type { Counters } from '../counters';
import type { Logger, LogLevel } from '../log';
import { createTrace } from '../trace';
import type { DataFolder } from './data-folder';
import type { HealthMonitor } from './health-monitor';

/** A file up to this size is checked in some ten milliseconds. */
const SMALL_BYTES = 16 << 20;

/**
 * Checks the structure of the embedded event log at a start: before the parts begin when it is small, else while they
 * run. Damage does not stop the program: parts that do not need the damaged pages continue.
 * @returns ends a check that is not complete
 */
export function checkEventLog(
  { eventLog }: Config,
  data: Pick<DataFolder, 'events'>,
  { health, counters }: { readonly health: HealthMonitor; readonly counters: Counters },
  log: Pick<Logger, LogLevel>,
  smallBytes: number = SMALL_BYTES,
): () => void {
  if (eventLog.kind !== 'embedded') return () => undefined;
  const stop = new AbortController();
  const check = async (): Promise<void> => {
    const isSmall = statSync(data.events).size <= smallBytes;
    const damage = isSmall ? quickCheckNow(data.events) : await quickCheck(data.events, stop.signal);
    if (damage.length === 0) return;
    const problem = `events.db is damaged (${damage.join('; ')}): stop the programs, and run "telltale repair"`;
    health.damaged(problem);
    createTrace(log, counters, 'event-log')('eventLogDamaged', { reason: 'structure', problem });
  };
  void check().catch((error: unknown) => log.warn('event log not checked', { error }));
  return () => stop.abort();
}
