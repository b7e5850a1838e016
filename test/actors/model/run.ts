import { audit } from '../../../src/apps/audit';
import type { Audited } from '../../../src/ingestion/audit/audit';
import { loadCrc64Nvme } from '../../../src/adapters/native/checksums';
import { tell } from '../../../src/kit';
import { BUCKET, HOUR } from '../producing';
import { KEYS, type Action, type Schedule, type Setting, type Upload } from './actions';
import { Allowed, type LastLook, type Seen } from './allowed';
import { noText, packed, Writer, type Text } from './contents';
import { edited } from './edited';
import { lookAt } from './look';
import { World } from './world';

/** Longer than the pause before any retry. */
const ALL_DUE_MS = 61 * 60_000;

interface Source {
  readonly key: string;
  readonly allowed: Allowed;
  /** Null without one. */
  text: Text | null;
  last: Text;
  lastUpload: Upload | null;
  /** True when versions of it were removed, read or not. */
  isExpired: boolean;
}

/** A schedule in progress: takes its actions, and notes their effects for the model. */
export class Run {
  private readonly writer = new Writer();
  private putting: Promise<void> = Promise.resolve();
  private failures: string[] = [];

  private constructor(
    readonly world: World,
    private readonly sources: readonly Source[],
  ) {}

  static async open(folder: string, setting: Setting): Promise<Run> {
    const { versioned, maxLineBytes, forceFlushAfterMs } = setting;
    const rules = { versioned, maxLineBytes, forceFlushAfterMs, retentionMs: 7 * 24 * HOUR };
    const sources = KEYS.map((key) => ({
      key,
      allowed: new Allowed(rules),
      text: null,
      last: noText,
      lastUpload: null,
      isExpired: false,
    }));
    const world = await World.open(folder, setting, (key, upload) =>
      run.put(
        KEYS.findIndex((one) => one === key),
        upload,
      ),
    );
    const run: Run = new Run(world, sources);
    return run;
  }

  async take(action: Action): Promise<void> {
    const { running } = this.world;
    switch (action.type) {
      case 'put':
        await this.put(action.source, action.upload);
        break;
      case 'delete':
        await this.inTurn(() => this.delete(action.source));
        break;
      case 'expire':
        await this.expire(action.source);
        break;
      case 'signal':
        for (let i = 0; i < action.times; i++) running.signal(KEYS[action.source] ?? '');
        break;
      case 'signal for nothing':
        running.signal('web-1/nothing.log');
        break;
      case 'reconcile':
        tell(running.producer.ref, { type: 'reconcile' });
        break;
      case 'settle':
        await running.settle();
        break;
      case 'let time pass':
        await this.pass(action.ms);
        break;
      case 'restart':
        this.failures.push(...(await this.world.restart(action.how)));
        break;
      case 'fail':
        this.world.fail(KEYS[action.source] ?? '', action.fault);
        break;
      case 'check':
        await this.check(action.how);
        break;
    }
  }

  /** Waits until everything rests, and compares. */
  async check(how: LastLook): Promise<void> {
    const { world } = this;
    const { running } = world;
    world.heal();
    await running.settle();
    const failed = await running.producer.awaitIdle(20_000);
    if (how === 'signals') for (const { key } of this.sources) running.signal(key);
    else if (failed.length > 0) await this.pass(ALL_DUE_MS);
    await running.reconcile();
    const notRead = await running.producer.awaitIdle(20_000);
    expect([...this.failures, ...running.failures]).toEqual([]);

    const seen = await lookAt(this.world.place.log);
    expect(Object.keys(seen).filter((key) => !this.sources.some((source) => source.key === key))).toEqual([]);
    for (const { key, allowed, isExpired } of this.sources) {
      const one = seen[key] ?? { records: [], quarantine: [], checkpoint: null };
      const known = isExpired ? withoutGaps(this.withoutDenied(key, one)) : this.withoutDenied(key, one);
      const nearest =
        allowed.rest(known, how) && allowed.rest(neverRead(one) ? { ...known, checkpoint: null } : known, how);
      if (nearest !== null)
        throw new Error(
          difference(
            key,
            one,
            nearest.map((each) => allowed.describe(each)),
          ),
        );
      if (!allowed.mayBeForgotten) expect(gapsOf(one)).toBeLessThanOrEqual(one.checkpoint?.possibleGap ?? 0);
    }
    // After only a listing, some reads may have failed without new content.
    if (how === 'signals')
      expect(notRead.filter(({ key }) => (seen[key]?.checkpoint?.refused ?? null) === null)).toEqual([]);
  }

  /**
   * Faults found by the audit: there must be none.
   * @param log the event log, or a changed one
   */
  async audit(log = this.world.place.log): Promise<readonly Audited[]> {
    const { place, store } = this.world;
    const { partitions, lineTopics, retentionMs } = place.options;
    const clock = { now: () => place.options.clock.now(), sleep: () => Promise.resolve() };
    const found: Audited[] = [];
    for await (const audited of audit({
      ...{ log, clock, partitions, lineTopics, retentionMs, store, bucket: BUCKET, prefix: '', includes: () => true },
      crc64: await loadCrc64Nvme(),
      sinceMs: -Infinity,
      concurrency: 4,
      only: null,
      stop: new AbortController().signal,
      otherTopics: [],
      onUnreadable: () => undefined,
      onProgress: () => undefined,
    })) {
      const isForgotten = this.sources.some(
        ({ key, allowed }) => allowed.mayBeForgotten && audited.source.endsWith(key),
      );
      if (!isForgotten && (!audited.ok || audited.behind !== undefined)) found.push(audited);
    }
    return found;
  }

  private async pass(ms: number): Promise<void> {
    await this.world.running.settle();
    this.world.pass(ms);
    for (const { allowed } of this.sources) allowed.happened({ type: 'passed', ms });
  }

  private async expire(index: number): Promise<void> {
    const source = this.sources[index];
    if (!this.world.setting.versioned || source === undefined || source.lastUpload === null) return;
    await this.world.running.settle();
    this.world.expire(source.key);
    source.isExpired = true;
    source.allowed.happened({ type: 'expired' });
  }

  private put(index: number, upload: Upload): Promise<void> {
    return this.inTurn(async () => {
      const source = this.sources[index];
      if (source === undefined) return;
      const isSame = upload.edit.how === 'same' && source.text !== null && source.lastUpload !== null;
      const { packing } = isSame ? (source.lastUpload ?? upload) : upload;
      if (upload.edit.how === 'rotate' && source.text !== null) {
        const old = this.writer.append(source.text, upload.edit);
        await this.store(source, old, upload);
      }
      await this.store(source, edited(source, upload.edit, this.writer), { ...upload, packing });
    });
  }

  private async store(source: Source, text: Text, upload: Upload): Promise<void> {
    const content = packed(upload.packing, text);
    await this.world.put(source.key, content, upload.checksum);
    source.text = source.last = text;
    source.lastUpload = upload;
    source.allowed.happened({ type: 'put', content });
  }

  private async delete(index: number): Promise<void> {
    const source = this.sources[index];
    if (source === undefined || source.text === null) return;
    this.world.delete(source.key);
    source.text = null;
    source.allowed.happened({ type: 'deleted' });
    await Promise.resolve();
  }

  /** Uploads are sequential, even during reads. */
  private inTurn(what: () => Promise<void>): Promise<void> {
    this.putting = this.putting.then(what);
    return this.putting;
  }

  /** As the model expects: at most one record of a denied object per denial. */
  private withoutDenied(key: string, seen: Seen): Seen {
    const denied = seen.quarantine.filter((record) => record.endsWith(' denied'));
    for (const record of new Set(denied)) {
      const times = denied.filter((one) => one === record).length;
      expect(times).toBeLessThanOrEqual(this.world.denied.get(key) ?? 0);
    }
    const quarantine = seen.quarantine.filter((record) => !denied.includes(record));
    const { checkpoint } = seen;
    const wasDenied = denied.length > 0;
    if (checkpoint === null || !this.world.setting.versioned) return { ...seen, quarantine, wasDenied };
    const possibleGap = wasDenied ? null : Math.min(1, checkpoint.possibleGap ?? 0);
    return { ...seen, quarantine, wasDenied, checkpoint: { ...checkpoint, possibleGap } };
  }
}

/** Number of records that report possibly missing lines before them. */
function gapsOf({ records }: Seen): number {
  return records.filter((record) => GAP.test(record)).length;
}

/**
 * It is unknown which version a walk found gone, and so after which record others may be missing: that is left out of the
 * comparison. It is said once at most for each time that it was noted.
 */
function withoutGaps(seen: Seen): Seen {
  return { ...seen, records: seen.records.map((record) => record.replace(GAP, '')) };
}

const GAP = / GAP$/;

/** Only denied, then deleted: the checkpoint says ended, while the model has no source. */
function neverRead({ records, quarantine, checkpoint }: Seen): boolean {
  const wasDenied = quarantine.some((record) => record.endsWith(' denied'));
  return (
    wasDenied && records.length === 0 && checkpoint?.size === 0 && checkpoint.isEnded && checkpoint.generation === 0
  );
}

export async function runSchedule(folder: string, { setting, actions }: Schedule): Promise<void> {
  const run = await Run.open(folder, setting);
  try {
    for (const action of actions) await run.take(action);
    await run.check('listing');
    expect(await run.audit()).toEqual([]);
  } finally {
    await run.world.place.close();
  }
}

function difference(key: string, seen: Seen, allowed: readonly Seen[]): string {
  const some = allowed.slice(-3);
  const starts = some.map(({ records }) => records.findIndex((record, i) => record !== seen.records[i]));
  const from = Math.max(
    0,
    Math.min(...starts.map((start, i) => (start === -1 ? (some[i]?.records.length ?? 0) : start))) - 1,
  );
  const text = ({ records, ...others }: Seen): string => {
    const shown = records.slice(from, from + 4).map((record) => record.slice(0, 150));
    return JSON.stringify({ records: `${records.length}, from ${from} on:`, shown, ...others }, null, 1);
  };
  return `${key}: seen was ${text(seen)}\nof ${allowed.length} allowed: ${some.map(text).join('\nor ')}`;
}
