import { loadCrc64Nvme } from '../adapters/native/checksums';
import { audit, type AuditProgress } from '../apps/audit';
import { objectsToRead, openEventLog, openStore } from '../apps/compose';
import { findDataFolder } from '../apps/data-folder';
import type { Config } from '../config';
import type { Audited } from '../domain/sources/audit';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { systemClock } from '../ports/clock';
import { namedSource } from './named-source';

export interface AuditCommand {
  /** As {@link namedSource} takes them; none for all. */
  readonly sources: readonly string[];
  readonly json: boolean;
}

/**
 * `telltale audit`: proves the ledger against store and topic, as far as retention reaches.
 * @returns the exit code: 1 where it does not hold
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
      behind: 0,
      proven: { content: 0, positions: 0, ledger: 0 },
    };
    for await (const audited of audit({
      log,
      store,
      clock: systemClock,
      crc64: await loadCrc64Nvme(),
      partitions: eventLog.partitions,
      ...objectsToRead(config),
      // What is to be passed over from now on has a checkpoint that says so.
      sinceMs: ingest.since === 'everything' || ingest.since === 'now' ? -Infinity : Date.parse(ingest.since),
      retentionMs: eventLog.retention,
      concurrency: ingest.concurrency,
      only: named.length === 0 ? null : new Set(named),
      stop: io.stop,
      onProgress: progress.show,
    })) {
      add(found, audited);
      const lines = json ? [JSON.stringify(audited)] : sentenceOf(audited);
      progress.clear();
      for (const line of lines) io.out.write(`${escapeControls(line)}\n`);
    }
    progress.clear();
    if (!json) io.out.write(`${summaryOf(found)}\n`);
    return found.failed === 0 ? 0 : 1;
  } finally {
    await log.close();
  }
}

interface Found {
  sources: number;
  bytes: number;
  failed: number;
  behind: number;
  /** Sources that hold, by what proves them. */
  readonly proven: Record<Audited['proof'], number>;
}

function add(found: Found, { size, ok, proof, behind = 0 }: Audited): void {
  found.sources += 1;
  found.bytes += size;
  found.behind += behind;
  if (ok) found.proven[proof] += 1;
  else found.failed += 1;
}

/** A line for a source that has something to say. */
function sentenceOf(audited: Audited): string[] {
  const { problem, behind, quarantine, quarantined, possibleGap, deleted } = audited;
  const says = [
    ...(problem === undefined ? [] : [`FAILED: ${problem}`]),
    ...(behind === undefined ? [] : [`${behind} bytes behind`]),
    ...(quarantine === undefined ? [] : [`${quarantined} bytes in quarantine: ${quarantine}`]),
    ...(possibleGap === 0 ? [] : [`content may have been lost between two reads, ${possibleGap} times`]),
    ...(deleted === undefined ? [] : ['deleted; not ended yet']),
  ];
  return says.length === 0 ? [] : [`${JSON.stringify(audited.source)}  ${says.join('; ')}`];
}

function summaryOf({ sources, bytes, failed, behind, proven: { content, positions, ledger } }: Found): string {
  const how = [
    `${content} proven by content`,
    ...(positions === 0 ? [] : [`${positions} by positions alone`]),
    ...(ledger === 0 ? [] : [`${ledger} by the ledger alone`]),
  ];
  const waiting = behind === 0 ? '' : `; ${behind} bytes not read yet`;
  return `${sources} sources, ${bytes} bytes: ${sources - failed} ok (${how.join(', ')}), ${failed} failed${waiting}`;
}

interface Progress {
  readonly show: (progress: AuditProgress) => void;
  readonly clear: () => void;
}

const noProgress: Progress = { show: () => undefined, clear: () => undefined };

const REDRAW_MS = 500;

/** One line that is written over and over, below the results. */
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
      out.write(`\r\u001b[K${progress.partitions} of ${partitions} partitions, ${mebibytes} MiB read`);
    },
    clear: () => {
      if (drawn) out.write('\r\u001b[K');
      drawn = false;
    },
  };
}
