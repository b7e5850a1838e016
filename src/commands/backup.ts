import { statSync } from 'node:fs';
import { backUpLog } from '../adapters/embedded/backup-log';
import { findDataFolder } from '../apps/data-folder';
import type { Config } from '../config';
import { TelltaleError } from '../errors';
import type { Io } from '../io';

export interface BackupOptions {
  /** The file to make. */
  readonly target: string;
  readonly json: boolean;
}

/**
 * `telltale backup`: copies the embedded event log, also while programs run.
 * @throws USAGE when the event log is Kafka, or the target exists; EVENT_LOG_DAMAGED, DATA_FOLDER, DISK_FULL
 */
export async function runBackup(config: Config, { target, json }: BackupOptions, io: Pick<Io, 'out'>): Promise<number> {
  if (config.eventLog.kind === 'kafka') {
    throw new TelltaleError(
      'USAGE',
      'backup copies the embedded event log, and eventLog.kind is kafka: Kafka keeps replicas.',
    );
  }
  const { events } = findDataFolder(config);
  await backUpLog(events, target);
  const { size: bytes } = statSync(target);
  io.out.write(
    json ? `${JSON.stringify({ type: 'backup', target, bytes })}\n` : `${target}: ${bytes} bytes, checked\n`,
  );
  return 0;
}
