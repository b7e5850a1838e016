import { inspectLog, type Inspection } from '../adapters/embedded/inspect-log';
import { sentMails } from '../adapters/embedded/mailbox';
import { beingMade, isReplacing, putInPlace, removeUnfinished, replaceLog } from '../adapters/embedded/replace-log';
import { openSqliteEventLog } from '../adapters/embedded/sqlite-event-log';
import { lockDataFolder } from '../apps/compose';
import { openDataFolder, placesIn, type DataFolder } from '../apps/data-folder';
import { partsOf } from '../apps/parts';
import { writeRecords } from '../apps/sent-before';
import { topicsOf } from '../apps/topics';
import type { Config } from '../config';
import { TelltaleError } from '../errors';
import { exists } from '../exists';
import { BUCKET_ORIGIN, isBucketKey } from '../ingestion/bucket-record';
import { partitionOf } from '../ingestion/origin';
import type { Io } from '../io';
import { pluralize } from '../pluralize';
import { systemClock } from '../ports/clock';
import type { DecodedRecord } from '../records/record-batch';
import { rebuildOutbox } from '../stream/rebuilt-outbox';

export interface RepairOptions {
  readonly json: boolean;
}

/** How many problems are printed. */
const NAMED = 5;

/**
 * `telltale repair`: replaces a damaged embedded event log by a new one, which holds the records that exist nowhere else: the
 * outboxes, and when buckets were listed first. The next start reads the object store from its beginning, and makes all
 * else again.
 * @throws USAGE when the event log is Kafka; DATA_FOLDER when the folder holds nothing; DATA_FOLDER_IN_USE while a program
 *   runs on it
 */
export async function runRepair(config: Config, { json }: RepairOptions, io: Pick<Io, 'out'>): Promise<number> {
  if (config.eventLog.kind === 'kafka') {
    const message = 'repair rebuilds the embedded event log, and eventLog.kind is kafka: see docs/troubleshooting.md';
    throw new TelltaleError('USAGE', message);
  }
  const data = usedFolder(config);
  const print = (report: Report): void => {
    io.out.write(json ? `${JSON.stringify({ type: 'repair', ...report.facts })}\n` : `${report.lines.join('\n')}\n`);
  };
  const locks = [await lockDataFolder(config, data, 'producer')];
  try {
    locks.push(await lockDataFolder(config, data, 'consumer'));
    print(await repair(config, data));
  } finally {
    for (const lock of locks) lock.release();
  }
  return 0;
}

interface Report {
  readonly facts: object;
  readonly lines: readonly string[];
}

async function repair(config: Config, data: DataFolder): Promise<Report> {
  const { events } = data;
  const now = systemClock.now();
  if (isReplacing(events)) {
    const aside = await putInPlace(events);
    return {
      facts: { repaired: true, resumed: true, aside },
      lines: ['The repair that was interrupted is complete.', ...asideLine(aside), ...nextStart(config, true)],
    };
  }
  await removeUnfinished(events);
  const outboxes = partsOf(config).deliveries.map(({ topic, folder }) => ({ ...topic, folder }));
  const isOutbox = (topic: string): boolean => outboxes.some(({ name }) => name === topic);
  const found = await inspectLog(events, (topic, record) => isOutbox(topic) || isOfBucket(topic, record));
  if (found.problems.length === 0) {
    return {
      facts: { repaired: false, problems: [] },
      lines: [`${events} is not damaged: nothing was changed.`],
    };
  }
  const sent = await sentMails(data.mail);
  const buckets = (found.records.get('checkpoints') ?? []).flatMap(({ key, value, timestamp }) =>
    key === null ? [] : [{ key, value, timestamp }],
  );
  const lines: string[] = [];
  const kept: object[] = [];
  const log = await openSqliteEventLog({ path: beingMade(events), clock: systemClock });
  try {
    await log.ensureTopics(topicsOf(config));
    for (const { name, retentionMs, folder } of outboxes) {
      const old = { records: found.records.get(name) ?? [], complete: found.complete.has(name) };
      const rebuilt = rebuildOutbox(old, sent, {
        ...{ now, lastUsed: found.lastUsed ?? now, retentionMs },
        remembering: folder.name,
      });
      await writeRecords(log, name, rebuilt.records);
      kept.push({ topic: name, records: old.records.length, complete: old.complete, quietUntil: rebuilt.quietUntil });
      lines.push(...outboxLines(name, old.records.length, old.complete, rebuilt.quietUntil));
    }
    await writeRecords(log, 'checkpoints', buckets, partitionOf(BUCKET_ORIGIN, config.eventLog.partitions));
  } finally {
    await log.close();
  }
  const aside = await replaceLog(events);
  return {
    facts: { repaired: true, problems: found.problems.slice(0, NAMED), aside, kept, buckets: buckets.length },
    lines: [...problemLines(found), ...asideLine(aside), ...lines, ...nextStart(config, buckets.length > 0)],
  };
}

/**
 * A folder that holds something of an installation: a mistyped one would be made.
 * @throws DATA_FOLDER
 */
function usedFolder({ dataDir }: Config): DataFolder {
  const { root, events, store, mail } = placesIn(dataDir);
  if (![events, store, mail].some((path) => exists(path)) && !isReplacing(events)) {
    const message = `${root} holds no event log, no objects and no mails: name the data folder of a program with --data DIR`;
    throw new TelltaleError('DATA_FOLDER', message);
  }
  return openDataFolder(dataDir);
}

function isOfBucket(topic: string, { key, value }: DecodedRecord): boolean {
  return topic === 'checkpoints' && key !== null && value !== null && isBucketKey(key.toString('utf8'));
}

function problemLines({ problems }: Inspection): readonly string[] {
  const more = problems.length > NAMED ? [`  and ${problems.length - NAMED} more`] : [];
  return ['The event log is damaged:', ...problems.slice(0, NAMED).map((problem) => `  ${problem}`), ...more];
}

function asideLine(aside: string | null): readonly string[] {
  return aside === null ? [] : [`The old file is kept as ${aside}. Delete it when you no longer want it.`];
}

function outboxLines(topic: string, records: number, complete: boolean, quietUntil: number): readonly string[] {
  const until = new Date(quietUntil).toISOString();
  const kept = `${pluralize(records, 'record')} of topic ${topic}`;
  if (complete) {
    return [
      `Kept: ${kept}, which is all of it. It shows which incidents were mailed: they are not mailed again. Incidents that ended before ${until}, which it no longer shows, are not mailed.`,
    ];
  }
  return [
    `Kept: ${kept}; others cannot be read. Nothing is mailed again that the mailbox or these records show as sent.`,
    `Suppressed: incidents that ended before ${until} and are not among these records get no mail, as it may have been sent.`,
  ];
}

function nextStart({ ingest }: Config, hasBucket: boolean): readonly string[] {
  const again =
    'Start the programs: they read the objects in the store again, and count their lines again. Lines of objects that were deleted or replaced are not counted again.';
  if (ingest.since !== 'now') return [again];
  return hasBucket
    ? [again, 'Objects that ingest.since had left out stay left out.']
    : [
        again,
        'ingest.since is "now", and the event log no longer shows when that was: objects that were uploaded before the next start are left out. To count them, set ingest.since to a time.',
      ];
}
