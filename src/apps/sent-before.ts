import { appendRecords } from '../../actors/append';
import { sentMails } from '../adapters/embedded/mailbox';
import { crc32c } from '../adapters/native/checksums';
import type { Config } from '../config';
import type { Logger } from '../log';
import type { EventLog } from '../ports/event-log';
import type { OutputRecord } from '../stream/job';
import { rebuildOutbox } from '../stream/rebuilt-outbox';
import type { DataFolder } from './data-folder';
import { partsOf } from './parts';

/**
 * Before the consumer starts: if the embedded event log is new and the mailbox has mails, an earlier event log was lost or
 * moved. Then no incident is mailed that ended before now, as after `telltale repair`.
 */
export async function suppressSentMails(
  config: Config,
  data: DataFolder,
  log: EventLog,
  logger: Pick<Logger, 'warn'>,
  now: number,
): Promise<void> {
  if (config.eventLog.kind === 'kafka' || !(await isNew(config, log))) return;
  const sent = await sentMails(data.mail);
  if (sent.length === 0) return;
  for (const { topic, folder } of partsOf(config).deliveries) {
    const lost = { records: [], complete: false };
    const { records } = rebuildOutbox(lost, sent, {
      now,
      lastUsed: now,
      retentionMs: topic.retentionMs,
      remembering: folder.name,
    });
    await writeRecords(log, topic.name, records);
  }
  logger.warn(
    'the event log is new, and mails were sent before: incidents that ended before this start get no mail, as it may have ' +
      'been sent; to get them, stop this program, and move the event log and the mails away',
    { until: new Date(now).toISOString(), mails: data.mail, sent: sent.length },
  );
}

/** True when no job has ever run on it. */
async function isNew(config: Config, log: EventLog): Promise<boolean> {
  const topics = ['state', ...partsOf(config).deliveries.map(({ topic }) => topic.name)];
  for (const topic of topics) if ((await log.offsets(topic, 0)).end > 0) return false;
  return true;
}

/** How many records one transaction takes. */
const PER_TRANSACTION = 1000;

/** Appends records to partition 0 of a topic, while no program runs. */
export async function writeRecords(
  log: EventLog,
  topic: string,
  records: readonly OutputRecord[],
  partition = 0,
): Promise<void> {
  const writer = await log.openWriter({ id: 'telltale-repair', reads: [], writes: [topic] });
  try {
    for (let i = 0; i < records.length; i += PER_TRANSACTION) {
      const transaction = writer.begin();
      const part = records.slice(i, i + PER_TRANSACTION).map((record) => ({ ...record, headers: [] }));
      await appendRecords(transaction, { topic, partition }, part, crc32c);
      await transaction.commit();
    }
  } finally {
    await writer.close();
  }
}
