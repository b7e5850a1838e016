import { setTimeout as pause } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { createRandom, type Random } from '../../src/generator/random';
import type { EventLog } from '../../src/ports/event-log';
import { CheckpointWatch, readCommitted } from '../support/ingestion/committed';
import { problemOf, type Happening } from '../support/ingestion/expected';
import { LogFile, MAX_LINE_BYTES, pick, type Content } from '../support/ingestion/files';
import { Signals } from '../support/ingestion/signals';
import { Uploads, type UploadWay } from '../support/ingestion/uploads';
import { KAFKA_START_MS, openKafka, runKafka, type RunningKafka } from '../support/kafka';
import { runProgram, startProgram, type Program } from '../support/local-process';
import { makeBucket, runS3, S3_START_MS, useS3, type RunningS3 } from '../support/s3';
import { tempFolders } from '../support/temp-folder';
import { until } from '../support/until';

/**
 * Hosts write, tear, rewrite, rotate, delete and compress their log files, S3 events get lost and repeated, and the
 * producer is killed repeatedly. The topic holds every readable line once (`every-line-once`).
 */
const count = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const KILLS = count('TELLTALE_TEST_PRODUCER_KILLS', 10);
const SEED = count('TELLTALE_TEST_SEED', Math.floor(Math.random() * 2 ** 31));

const LEAST = 15;

const MINUTE = 60_000;
const PARTITIONS = 10;
const MEBIBYTE = 1024 * 1024;

/** Four hosts; one has an unusual key, and one a large file. */
const keys = ['host-1', 'host-2', 'host-3', 'host 4+ü%2B'].flatMap((host) =>
  ['app.log', 'db "1".log', 'zip.log.gz'].map((file) => `logs/${host}/${file}`),
);
const LARGE = 'logs/host-1/large.log';
const LARGE_BYTES = 20 * MEBIBYTE;

let s3: RunningS3;
let kafka: RunningKafka;
let client: S3Client;
let log: EventLog;

beforeAll(async () => {
  s3 = await runS3();
  useS3(s3);
  client = new S3Client();
  kafka = await runKafka({ version: process.env['TELLTALE_TEST_KAFKA'] ?? '3.9.1' });
  log = await openKafka(kafka.brokers);
}, S3_START_MS + KAFKA_START_MS);
afterAll(async () => {
  client.destroy();
  await log.close();
  await kafka.stop();
  await s3.stop();
}, MINUTE);

const nothingKnown = { identity: { etag: null, whole: false }, ended: null, quarantine: null };

/** A source and its events so far. */
interface Source {
  readonly key: string;
  readonly file: LogFile;
  readonly happenings: Happening[];
  exists: boolean;
}

/** One bucket, its events, and the producer that reads it. */
class Site {
  readonly dataDir = folders.make();
  private readonly sources: Source[];
  private readonly uploads: Uploads;
  private readonly signals: Signals;
  private readonly watch = new CheckpointWatch(log, PARTITIONS);
  private readonly random: Random;
  private largeLeft: number;

  constructor(
    private readonly bucket: string,
    private readonly versioned: boolean,
    private readonly kills: number,
  ) {
    this.random = createRandom(SEED, 1);
    this.largeLeft = 2 + Math.ceil(kills / 5);
    this.uploads = new Uploads(client, bucket);
    this.signals = new Signals(this.dataDir, bucket, this.random);
    // Without versions, content replaced before it is read is lost: fewer sources, so that each has more readable
    // content.
    this.sources = [...(versioned ? keys : keys.filter((_, i) => i % 3 === 0)), LARGE].map((key, i) => {
      const large = key === LARGE ? LARGE_BYTES : 0;
      const kind = { zipped: key.endsWith('.gz'), large, longLines: versioned };
      return { key, file: new LogFile(`file ${i}`, this.random, kind), happenings: [], exists: false };
    });
  }

  startProducer(): Program {
    return startProgram(['producer', ...this.settings], s3.environment);
  }

  /** Generates events until told to stop, and at least {@link LEAST} per source on average. */
  async live(isEnough: () => boolean): Promise<void> {
    // First an object that takes a while to read.
    for (const source of this.sources) if (source.key === LARGE) await this.happen(source);
    const happened = (): number => this.sources.reduce((sum, { happenings }) => sum + happenings.length, 0);
    while (!isEnough() || happened() < LEAST * this.sources.length) {
      const source = this.sources[this.random.integer(0, this.sources.length - 1)];
      if (source !== undefined) await this.happen(source);
      await pause(this.random.fraction() * 80);
    }
  }

  /** Delivers the last signals. Without them, content whose object was deleted before a listing would stay unknown. */
  async comeToRest(): Promise<void> {
    await this.signals.deliverLate();
    for (const { key } of this.sources) await this.signals.deliver({ v: 1, bucket: this.bucket, key });
    for (const source of this.sources) {
      await until(`${source.key} is read`, 5 * MINUTE, () => this.isSettled(source));
      for (const last of source.happenings.slice(-1)) last.certain = true;
    }
  }

  async audit(): Promise<{ code: number | null; wrong: string[] }> {
    const { code, out, err } = await runProgram(['audit', '--json', ...this.settings], s3.environment);
    const isRight = (line: string): boolean => {
      const { ok, behind, deleted } = JSON.parse(line) as Record<string, unknown>;
      return ok === true && behind === undefined && deleted === undefined;
    };
    const lines = out.split('\n').filter((line) => line !== '');
    return { code, wrong: [...lines.filter((line) => !isRight(line)), ...(code === 0 ? [] : [err])] };
  }

  async compareWithKcat(): Promise<string[]> {
    const committed = await readCommitted(kafka.brokers.join(), this.bucket);
    const rules = { versioned: this.versioned, maxLineBytes: MAX_LINE_BYTES };
    const problems: string[] = [];
    for (const { key, happenings } of this.sources) {
      const source = `${this.bucket}/${key}`;
      const found = committed.get(source) ?? { lines: [], quarantine: [], disorder: [] };
      const problem = problemOf(happenings, found, rules);
      if (problem !== null) problems.push(`${source}: ${problem}`);
      committed.delete(source);
    }
    return [...problems, ...[...committed.keys()].map((source) => `${source} was never uploaded`)];
  }

  /** True when the last upload is read, or the last deletion has ended the source. */
  private async isSettled({ key, happenings }: Source): Promise<boolean> {
    const checkpoint = (await this.watch.look()).get(`${this.bucket}/${key}`);
    const { identity, ended, quarantine } = checkpoint ?? nothingKnown;
    const { etag, whole } = identity;
    const put = happenings.findLast((one) => one.type === 'put');
    const isRead = put === undefined || quarantine?.etag === put.etag || (etag === put.etag && whole);
    if (happenings.at(-1)?.type !== 'deleted') return isRead && ended === null;
    return this.versioned ? isRead && ended !== null : checkpoint === undefined || ended !== null;
  }

  private async happen(source: Source): Promise<void> {
    const { key, happenings } = source;
    if (key === LARGE && this.largeLeft <= 0) return;
    const last = happenings.at(-1);
    if (last?.type === 'put' && !wasThere(last.etag, happenings.slice(0, -1))) {
      last.certain ||= await this.isSettled(source);
    }
    if (source.exists && this.random.fraction() < 0.1) {
      await this.uploads.delete(key);
      happenings.push({ type: 'deleted', certain: false });
      source.exists = false;
      // S3 may announce deletions, too: a signal only asks for a check.
      await this.signals.send(key, undefined);
      return;
    }
    for (const content of source.file.next()) {
      if (key === LARGE) this.largeLeft -= 1;
      const { etag, versionId } = await this.uploads.put(key, content.stored, this.wayFor(content));
      happenings.push({ type: 'put', etag, content, certain: this.versioned });
      source.exists = true;
      await this.signals.send(key, versionId);
    }
  }

  private wayFor({ stored }: Content): UploadWay {
    const isLarge = stored.length > 5 * MEBIBYTE;
    const inParts = isLarge ? 20 : 1;
    return pick(this.random, {
      CRC64NVME: 8,
      CRC32: 5,
      CRC32C: 2,
      SHA256: 1,
      'parts CRC64NVME': inParts,
      'parts CRC32': inParts / 2,
    });
  }

  private get settings(): string[] {
    const settings = {
      dataDir: this.dataDir,
      'objectStore.kind': 's3',
      'objectStore.bucket': this.bucket,
      'eventLog.kind': 'kafka',
      'eventLog.kafka.brokers': kafka.brokers.join(),
      'ingest.reconcile': '*/3 * * * * *',
      'ingest.maxLineBytes': `${MAX_LINE_BYTES / 1024}KiB`,
    };
    return Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  }
}

/** Then it shows nothing about the last upload. */
function wasThere(etag: string, happenings: readonly Happening[]): boolean {
  return happenings.some((one) => one.type === 'put' && one.etag === etag);
}

const folders = tempFolders();

describe.each([
  ['a bucket with versions', 'kept', true, KILLS],
  ['a bucket without versions', 'replaced', false, Math.ceil(KILLS / 2)],
])('the producer on %s', (_, bucket, versioned, kills) => {
  it(
    `killed ${kills} times: topic logs, read by kcat, holds every line of every content once, by generation (seed ${SEED})`,
    async () => {
      await makeBucket(bucket, versioned);
      const site = new Site(bucket, versioned, kills);
      const random = createRandom(SEED, 2);
      let killed = 0;
      let producer = site.startProducer();
      await producer.logged(/producer is ready/);
      const living = site.live(() => killed === kills);
      living.catch(() => (killed = kills));
      try {
        while (killed < kills) {
          // Sometimes during its start.
          if (random.fraction() < 0.8) await producer.logged(/producer is ready/);
          await pause(random.fraction() * 3_000);
          await producer.end('SIGKILL');
          killed += 1;
          producer = site.startProducer();
        }
        await living;
        await producer.logged(/producer is ready/);
        await site.comeToRest();
        expect(await producer.end('SIGINT')).toBe(0);
      } finally {
        await producer.end('SIGKILL');
      }
      expect(await site.compareWithKcat()).toEqual([]);
      expect(await site.audit()).toEqual({ code: 0, wrong: [] });
    },
    (6 + kills) * MINUTE,
  );
});
