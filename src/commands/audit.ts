import { loadCrc64Nvme } from '../adapters/native/checksums';
import { audit, type AuditProgress } from '../apps/audit';
import { objectsToRead, openEventLog, openStore } from '../apps/compose';
import { DamageReport } from '../apps/damage-report';
import { pluralize } from '../pluralize';
import { findDataFolder } from '../apps/data-folder';
import { checkAdvice, doubtfulLine, poorLine } from '../apps/recognition-report';
import { lineTopicsOf, topicsOf } from '../apps/topics';
import type { Config } from '../config';
import type { Audited } from '../ingestion/audit/audit';
import { escapeControls } from '../escape-controls';
import { isPoorlyUnderstood, mayBePoorlyUnderstood } from '../lines/recognition';
import type { Io } from '../io';
import { systemClock } from '../ports/clock';
import type { TopicSpec } from '../stream/topics';
import { namedSource } from './named-source';

export interface AuditCommand {
  /** As {@link namedSource} takes them; none for all. */
  readonly sources: readonly string[];
  readonly json: boolean;
}

/**
 * `telltale audit`: proves the ledger against store and topic, as far as retention reaches.
 * @returns the exit code: 1 if the ledger of a source does not hold, a named source is not read, or a record batch cannot
 *   be read
 * @throws as `audit`
 */
export async function runAudit(config: Config, { sources, json }: AuditCommand, io: Io): Promise<number> {
  const { eventLog, ingest, objectStore } = config;
  const data = findDataFolder(config);
  const named = sources.map((source) => namedSource(source, objectStore.bucket));
  const log = await openEventLog(config, data);
  try {
    const { store } = await openStore(config, data, io);
    const progress = json || !io.terminal ? noProgress : progressLine(io, eventLog.partitions);
    const found: Found = {
      sources: 0,
      bytes: 0,
      failed: 0,
      quarantined: 0,
      behind: 0,
      advice: new Set(),
      proven: { content: 0, positions: 0, ledger: 0 },
    };
    const damage = new DamageReport();
    const print = (lines: readonly string[]): void => {
      progress.clear();
      for (const line of lines) io.out.write(`${escapeControls(line)}\n`);
    };
    for await (const audited of audit({
      log,
      store,
      clock: systemClock,
      crc64: await loadCrc64Nvme(),
      partitions: eventLog.partitions,
      lineTopics: lineTopicsOf(config),
      ...objectsToRead(config),
      // With `now`, skipped objects have a checkpoint.
      sinceMs: ingest.since === 'everything' || ingest.since === 'now' ? -Infinity : Date.parse(ingest.since),
      retentionMs: eventLog.retention,
      concurrency: ingest.concurrency,
      only: named.length === 0 ? null : new Set(named),
      otherTopics: otherTopicsOf(config),
      stop: io.stop,
      onUnreadable: (place) => {
        damage.add(place);
        const { topic, partition, from, next, problem } = place;
        if (json) print([JSON.stringify({ type: 'unreadable', topic, partition, from, next, problem })]);
      },
      onProgress: progress.show,
    })) {
      add(found, audited);
      print(json ? [JSON.stringify(audited)] : sentenceOf(audited));
    }
    const damaged = damage.lines();
    print(json ? [] : [...damaged, ...found.advice, summaryOf(found)]);
    return found.failed === 0 && damaged.length === 0 ? 0 : 1;
  } finally {
    await log.close();
  }
}

/** With Kafka, an audit needs no rights to them. */
function otherTopicsOf(config: Config): readonly TopicSpec[] {
  if (config.eventLog.kind === 'kafka') return [];
  const read = [...lineTopicsOf(config), 'checkpoints'];
  return topicsOf(config).filter(({ name }) => !read.includes(name));
}

interface Found {
  sources: number;
  bytes: number;
  failed: number;
  /** Sources whose ledger holds, and whose newest object cannot be read. */
  quarantined: number;
  behind: number;
  /** Other sources whose ledger holds, by the depth of the proof. */
  readonly proven: Record<Audited['proof'], number>;
  /** What to do, said once for all sources. */
  readonly advice: Set<string>;
}

const READ_AGAIN =
  'failed: "telltale reingest SOURCE" reads the object again from its first byte, so that all its lines are there again';
const KEEP_VERSIONS =
  'lost between two reads: let the bucket keep versions, so that overwritten content can be read (docs/ingestion.md)';
const CHECK = `not understood: ${checkAdvice}`;

/** A sentence about the lines of a source; null when it is mostly understood. */
function recognitionSaid({ notUnderstood }: Audited): string | null {
  if (notUnderstood === undefined) return null;
  const said = { name: null, recognition: notUnderstood };
  if (isPoorlyUnderstood(notUnderstood)) return poorLine(said);
  return mayBePoorlyUnderstood(notUnderstood) ? doubtfulLine(said) : null;
}

function add(found: Found, audited: Audited): void {
  const { size, ok, proof, published, quarantine, possibleGap, behind = 0 } = audited;
  found.sources += 1;
  found.bytes += size;
  found.behind += behind;
  if (!ok) found.failed += 1;
  else if (quarantine !== undefined) found.quarantined += 1;
  else found.proven[proof] += 1;
  // A source that has published nothing has no readable checkpoint.
  if (!ok && published > 0) found.advice.add(READ_AGAIN);
  if (possibleGap > 0) found.advice.add(KEEP_VERSIONS);
  if (recognitionSaid(audited) !== null) found.advice.add(CHECK);
}

/** A byte order mark is dropped, too. */
const BOM_BYTES = 3;

/** A line for each source that is not simply proven. */
function sentenceOf(audited: Audited): string[] {
  const { problem, behind, held, dropped, quarantine, quarantined, possibleGap, deleted } = audited;
  const poor = recognitionSaid(audited);
  const says = [
    ...(problem === undefined ? [] : [`FAILED: ${problem}`]),
    ...(behind === undefined ? [] : [`${pluralize(behind, 'byte')} behind`]),
    ...(held === 0 ? [] : [`${pluralize(held, 'byte')} held: the last line has no line end`]),
    ...(quarantine === undefined ? [] : [`${pluralize(quarantined, 'byte')} in quarantine: ${quarantine}`]),
    ...(possibleGap === 0 ? [] : [`content may have been lost between two reads, ${pluralize(possibleGap, 'time')}`]),
    ...(dropped === 0 || dropped === BOM_BYTES
      ? []
      : [`${pluralize(dropped, 'byte')} dropped: NULs before a line, or beyond ingest.maxLineBytes`]),
    ...(deleted === undefined ? [] : ['deleted; not ended yet']),
    // The last one: it ends with a line of the source.
    ...(poor === null ? [] : [poor]),
  ];
  return says.length === 0 ? [] : [`${JSON.stringify(audited.source)}  ${says.join('; ')}`];
}

function summaryOf(found: Found): string {
  const { sources, bytes, failed, quarantined, behind } = found;
  const { content, positions, ledger } = found.proven;
  const how = [
    `${content} proven by content`,
    ...(positions === 0 ? [] : [`${positions} by positions alone`]),
    ...(ledger === 0 ? [] : [`${ledger} by the ledger alone`]),
  ];
  const unread = quarantined === 0 ? '' : `, ${quarantined} in quarantine`;
  const waiting = behind === 0 ? '' : `; ${pluralize(behind, 'byte')} not read yet`;
  const all = `${pluralize(sources, 'source')}, ${pluralize(bytes, 'byte')}`;
  const ok = content + positions + ledger;
  return `${all}: ${ok} ok (${how.join(', ')})${unread}, ${failed} failed${waiting}`;
}

interface Progress {
  readonly show: (progress: AuditProgress) => void;
  readonly clear: () => void;
}

const noProgress: Progress = { show: () => undefined, clear: () => undefined };

const REDRAW_MS = 500;

/** One line below the results, which each update overwrites. */
function progressLine({ out }: Io, partitions: number): Progress {
  let drawn = false;
  let last = 0;
  return {
    show: (progress) => {
      const now = performance.now();
      if (now - last < REDRAW_MS) return;
      last = now;
      drawn = true;
      const mebibytes = Math.floor(progress.bytes / (1024 * 1024));
      out.write(`\r\u001b[K${progress.partitions} of ${pluralize(partitions, 'partition')}, ${mebibytes} MiB read`);
    },
    clear: () => {
      if (drawn) out.write('\r\u001b[K');
      drawn = false;
    },
  };
}
