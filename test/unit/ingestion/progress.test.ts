import { changed, inParts, type CheckpointChange } from '../../support/ingestion/checkpoints';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { loadHashing } from '../../../src/adapters/native/hashing';
import { LineFlag, lineAt } from '../../../src/lines/line-batch';
import { initialReadingState, type ReadingState } from '../../../src/lines/reading-state';
import { createScanner, type LineScanner, type ScannedBatch, type ScanPosition } from '../../../src/lines/scanner';
import { quarantineReasons, type Checkpoint, type QuarantineReason } from '../../../src/ingestion/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/ingestion/checkpoint-record';
import { EMPTY_FINGERPRINT, WINDOW_BYTES, type RangeDigest, type Hashing } from '../../../src/ingestion/content';
import { formatCrc, type CrcAlgorithm } from '../../../src/ingestion/crc-combine';
import { planRead, resumptionOf, UNVERSIONED, type SourceObject } from '../../../src/ingestion/plan';
import {
  accept,
  advance,
  asWhole,
  ended,
  atEndOfContent,
  heldBytes,
  isBalanced,
  isTrimmed,
  quarantined,
  trimmed,
  withoutTail,
} from '../../../src/ingestion/progress';
import {
  firstCheckpoint,
  nextGeneration,
  reopened,
  restarted,
  isAfterGap,
  withPossibleGap,
} from '../../../src/ingestion/generations';
import { skipped, skippedTo } from '../../../src/ingestion/skipping';
import { createProof, createReproof } from '../../../src/ingestion/proof';
import { runs } from '../../support/runs';
import { createRangeDigester } from '../../../src/ingestion/range-digester';

const source = 'bucket/logs/host/a.log';

let hashing: Hashing;
beforeAll(async () => {
  hashing = await loadHashing();
});

/** The objects that a store holds under one key. */
interface Stored extends SourceObject {
  readonly content: Buffer;
}

const sumOf = (algorithm: CrcAlgorithm, content: Buffer): string =>
  formatCrc(algorithm, hashing.crc(algorithm, content));

/** An object, with a checksum by the algorithm that its uploader chose. */
const store = (content: Buffer | string, algorithm: CrcAlgorithm | null = 'CRC64NVME'): Stored => {
  const bytes = Buffer.from(content);
  return {
    content: bytes,
    size: bytes.length,
    etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
    lastModified: Date.UTC(2026, 10, 21),
    ...(algorithm === null ? {} : { checksum: { algorithm, value: sumOf(algorithm, bytes) } }),
  };
};

const first = (object: SourceObject): Checkpoint => firstCheckpoint(source, 'host', object, 'plain', 'logs');

/** Everything that a checkpoint says of the content that it covers is so. */
function expectTrue(checkpoint: Checkpoint, content: Buffer): void {
  const covered = content.subarray(0, checkpoint.position.size);
  const {
    identity: { crc64, crc32 },
    position: { held, offset },
  } = checkpoint;
  expect(covered).toHaveLength(checkpoint.position.size);
  expect(isBalanced(checkpoint)).toBe(true);
  if (crc64 !== null) expect(crc64).toBe(sumOf('CRC64NVME', covered));
  if (crc32 !== null) expect(crc32.value).toBe(sumOf(crc32.algorithm, covered));
  expect(checkpoint.identity.fingerprint).toBe(hashing.sha256(covered.subarray(-WINDOW_BYTES)));
  const tail = covered.subarray(offset);
  expect(held).toBe(tail.subarray(0, WINDOW_BYTES).toString('base64'));
  expect(checkpoint.position.heldSince === null).toBe(tail.length === 0);
}

interface Line {
  readonly generation: number;
  readonly offset: number;
  readonly text: string;
}

interface Limits {
  readonly maxLineBytes: number;
  readonly batchBytes: number;
}

const limits: Limits = { maxLineBytes: 1_000, batchBytes: 10_000 };

/** A log-reader without a store or an event log: each publish is kept with its checkpoint, or not at all. */
class Reader {
  committed: Checkpoint | null = null;
  /** The object of the committed checkpoint. */
  private content: Buffer = Buffer.alloc(0);
  readonly lines: Line[] = [];
  /** Every checkpoint that was ever committed, and the content that it speaks of. */
  readonly history: { readonly checkpoint: Checkpoint; readonly content: Buffer }[] = [];

  constructor(
    public limits: Limits,
    /** Rereads the bytes read before, when no checksum proves them. */
    private readonly reproves = false,
  ) {}

  /** Reads the object in chunks; is killed before step number `dieAt` is committed. Says whether it came to the end. */
  read(object: Stored, chunkSize = 3, dieAt = Infinity): boolean {
    const start = this.startOf(object, chunkSize);
    if (start === null) return true;
    const scanner = this.scannerFor(start);
    const digester = createRangeDigester(start, hashing);
    let checkpoint = start;
    let steps = 0;
    for (const chunk of chunks(object, resumptionOf(start).from, chunkSize)) {
      for (const scanned of scanner.push(digester.push(chunk))) {
        checkpoint = advance(checkpoint, scanned, digester.measure(scanned.to));
        if (++steps > dieAt) return false;
        this.commit(checkpoint, scanned, object.content);
      }
    }
    const { held, reading } = scanner.state();
    const tail = { held: held.subarray(0, WINDOW_BYTES), reading };
    checkpoint = atEndOfContent(checkpoint, object, { range: digester.measure(object.size), tail, now: 5_000 });
    if (steps >= dieAt) return false;
    this.commit(checkpoint, null, object.content);
    return true;
  }

  /** Publishes the held tail, and drops the bytes of it that are not held. */
  closeTail(): void {
    if (this.committed === null) return;
    const {
      position: { offset, size, held },
      format: reading,
      identity: { fingerprint },
    } = this.committed;
    const nothingRead: RangeDigest = { from: size, to: size, crc64: 0n, crc32: null, fingerprint };
    const scanner = this.scannerFor(this.committed, { offset, held: Buffer.from(held, 'base64'), reading });
    for (const scanned of scanner.finish()) this.commit(advance(this.committed, scanned, nothingRead), scanned);
    this.commit(withoutTail(this.committed), null);
  }

  /** The object is gone. */
  end(): void {
    this.closeTail();
    if (this.committed !== null) this.commit(ended(this.committed, 6_000), null);
  }

  /** A newer object cannot be read. */
  refuse(object: SourceObject, reason: QuarantineReason): void {
    this.commit(quarantined(this.committed ?? first(object), object, reason), null);
  }

  /** `since: now` */
  skip(object: Stored): void {
    const before = object.content.subarray(-WINDOW_BYTES);
    const fingerprint = hashing.sha256(before);
    this.commit(skipped(first(object), object, { before, fingerprint, now: 5_000 }), null, object.content);
  }

  /** A new generation is requested; this is its beginning. */
  restart(object: Stored): void {
    this.closeTail();
    if (this.committed !== null) this.commit(restarted(this.committed, object, 'plain', { count: false }), null);
  }

  slim(): void {
    if (this.committed !== null) this.commit(trimmed(this.committed).checkpoint, null);
  }

  private startOf(object: Stored, chunkSize: number): Checkpoint | null {
    const plan = planRead(this.committed, object);
    switch (plan.kind) {
      case 'nothing':
        return null;
      case 'first':
        return first(object);
      case 'begin':
        return reopened(plan.checkpoint, object, 'plain');
      case 'continue':
        return plan.checkpoint;
      case 'rewrite':
        return this.replaced(object);
      case 'prove':
        return this.proven(plan.checkpoint, object, chunkSize) ?? this.replaced(object);
    }
  }

  private proven(checkpoint: Checkpoint, object: Stored, chunkSize: number): Checkpoint | null {
    const proof = createProof(checkpoint, object, hashing);
    for (const chunk of chunks(object, resumptionOf(checkpoint).from, chunkSize)) proof.push(chunk);
    const { outcome } = proof.verify();
    if (outcome === 'disproved') return null;
    if (outcome === 'proven') return accept(checkpoint, object, 'proven');
    if (!this.reproves || checkpoint.identity.crc64 === null) return accept(checkpoint, object, 'fingerprint');
    const reproof = createReproof(checkpoint, object, hashing);
    for (const chunk of chunks(object, 0, chunkSize)) reproof.push(chunk);
    const again = reproof.verify();
    return again.outcome === 'disproved' ? null : accept(checkpoint, object, 'proven', { crc32: again.crc32 });
  }

  private replaced(object: Stored): Checkpoint {
    this.closeTail();
    return nextGeneration(this.committed ?? first(object), object, 'plain');
  }

  private scannerFor(
    checkpoint: Checkpoint,
    position: ScanPosition = { ...resumptionOf(checkpoint), reading: checkpoint.format },
  ): LineScanner {
    const {
      origin,
      position: { generation },
      identity: { lastModified },
    } = checkpoint;
    return createScanner(
      {
        ...this.limits,
        source,
        origin,
        generation,
        lastModified,
        fileDay: null,
        zone: 'UTC',
        customFormat: null,
        maxFutureSkew: 3_600_000,
      },
      position,
    );
  }

  private commit(checkpoint: Checkpoint, scanned: ScannedBatch | null, content = this.content): void {
    this.content = content;
    const { key, value } = encodeCheckpoint(checkpoint);
    this.committed = decodeCheckpoint(key, value);
    expect(this.committed).toEqual(checkpoint);
    this.history.push({ checkpoint, content });
    for (let i = 0; i < (scanned?.batch.count ?? 0); i++) {
      const { batch } = scanned as ScannedBatch;
      const text = lineAt(batch, i).toString();
      const cut = ((batch.flags[i] ?? 0) & LineFlag.CUT_HEAD) !== 0 ? '…' : '';
      this.lines.push({ generation: batch.generation, offset: batch.offsets[i] ?? -1, text: text + cut });
    }
  }
}

function* chunks(object: Stored, from: number, size: number): Generator<Buffer> {
  for (let at = from; at < object.size; at += size) yield Buffer.from(object.content.subarray(at, at + size));
}

describe('the progress of a source', () => {
  it('holds an unterminated line, and publishes it once when its end has come', () => {
    const reader = new Reader(limits);
    reader.read(store('one\ntw'));
    expect(reader.lines.map(({ text }) => text)).toEqual(['one']);
    expect(reader.committed).toMatchObject({
      position: { offset: 4, size: 6, heldSince: 5_000 },
      identity: { proof: 'first' },
    });

    reader.read(store('one\ntwo\n'));
    expect(reader.lines.map(({ text, offset }) => [offset, text])).toEqual([
      [0, 'one'],
      [4, 'two'],
    ]);
    expect(reader.committed).toMatchObject({
      position: { generation: 0, offset: 8, size: 8, held: '', heldSince: null },
      identity: { proof: 'proven' },
    });
  });

  it('keeps the time when a tail was first seen while it grows', () => {
    const reader = new Reader(limits);
    reader.read(store('on'));
    reader.committed = changed(reader.committed as Checkpoint, { heldSince: 1_000 });
    reader.read(store('one'));
    expect(reader.committed).toMatchObject({ position: { size: 3, heldSince: 1_000 } });
  });

  it('starts a new generation, with empty sums and a gap noted, when the content was replaced', () => {
    const reader = new Reader(limits);
    reader.read(store('one\ntwo\n'));
    reader.read(store('ONE\ntwo\nthree\n'));
    expect(reader.lines.map(({ generation, text }) => `${generation} ${text}`)).toEqual([
      '0 one',
      '0 two',
      '1 ONE',
      '1 two',
      '1 three',
    ]);
    expect(reader.committed).toMatchObject({
      position: { generation: 1, possibleGap: 1, sums: { published: 14 } },
      identity: { proof: 'first' },
    });
  });

  it('publishes a held tail without reading, and continues after it', () => {
    const reader = new Reader(limits);
    reader.read(store('one\ntw'));
    reader.closeTail();
    expectTrue(reader.committed as Checkpoint, Buffer.from('one\ntw'));
    expect(reader.lines.map(({ text }) => text)).toEqual(['one', 'tw']);

    const grown = Buffer.from('one\ntwo\nthree\n');
    reader.read(store(grown));
    expectTrue(reader.committed as Checkpoint, grown);
    expect(reader.lines.map(({ text }) => text)).toEqual(['one', 'tw', 'o', 'three']);
  });

  it('reads a tail from its start when it is longer than its held part', () => {
    const long = Buffer.concat([Buffer.from('one\n'), Buffer.alloc(100 * 1024, 'x')]);
    const whole = Buffer.concat([long, Buffer.from('\ntwo\n')]);
    const reader = new Reader({ maxLineBytes: 256 * 1024, batchBytes: 900_000 });
    reader.read(store(long), 64 * 1024);
    expectTrue(reader.committed as Checkpoint, long);
    expect(heldBytes(reader.committed as Checkpoint)).toBe(100 * 1024);
    reader.read(store(whole), 64 * 1024);
    expectTrue(reader.committed as Checkpoint, whole);
    expect(reader.lines.map(({ text }) => text.length)).toEqual([3, 100 * 1024, 3]);
  });

  it.each([500, 100 * 1024])(
    'continues when the limit of a line was lowered below a held tail of %i bytes',
    (tailBytes) => {
      const torn = Buffer.from(`one\n${'x'.repeat(tailBytes)}`);
      const whole = Buffer.concat([torn, Buffer.from('\ntwo\n')]);
      const before = new Reader({ maxLineBytes: 256 * 1024, batchBytes: 900_000 });
      before.read(store(torn), 10_000);
      const after = new Reader({ ...limits, maxLineBytes: 100 });
      after.committed = before.committed;
      after.read(store(whole), 10_000);
      for (const { checkpoint } of after.history) {
        expect(isBalanced(checkpoint)).toBe(true);
        expect(checkpoint.identity.crc64).toBe(sumOf('CRC64NVME', whole.subarray(0, checkpoint.position.size)));
      }
      expectTrue(after.committed as Checkpoint, whole);
      expect(after.lines.map(({ text }) => text)).toEqual([`${'x'.repeat(100)}…`, 'two']);
    },
  );

  it('keeps the checksum of the algorithm that the object has beside CRC64NVME', () => {
    const reader = new Reader(limits);
    reader.read(store('one\ntw', 'CRC32C'));
    expect(reader.committed?.identity.crc32).toEqual({
      algorithm: 'CRC32C',
      value: sumOf('CRC32C', Buffer.from('one\ntw')),
    });
    reader.read(store('one\ntwo\n', 'CRC32C'));
    expect(reader.committed).toMatchObject({ position: { generation: 0 }, identity: { proof: 'proven' } });
    expect(reader.committed?.identity.crc32).toEqual({
      algorithm: 'CRC32C',
      value: sumOf('CRC32C', Buffer.from('one\ntwo\n')),
    });
  });

  it('uses the fingerprint when the algorithm changes, unless it rereads the object', () => {
    for (const [reproves, proof] of [
      [false, 'fingerprint'],
      [true, 'proven'],
    ] as const) {
      const reader = new Reader(limits, reproves);
      reader.read(store('one\ntw', 'CRC32C'));
      reader.read(store('one\ntwo\n', 'CRC32'));
      expect(reader.committed).toMatchObject({ position: { generation: 0 }, identity: { proof } });
      expect(reader.committed?.identity.crc32?.algorithm).toBe(reproves ? 'CRC32' : 'CRC32C');
      expectTrue(reader.committed as Checkpoint, Buffer.from('one\ntwo\n'));
    }
  });

  it('continues in the same generation after an object that could not be read', () => {
    const reader = new Reader(limits);
    reader.read(store('one\ntw'));
    const broken = store('broken');
    reader.refuse(broken, 'gzip-corrupt');
    expect(reader.committed).toMatchObject({
      identity: { etag: store('one\ntw').etag, whole: true },
      position: { size: 6 },
    });
    expect(reader.committed?.quarantine).toMatchObject({ etag: broken.etag, size: 6, reason: 'gzip-corrupt' });
    reader.read(broken);
    expect(reader.lines).toHaveLength(1);
    reader.read(store('one\ntwo\n'));
    expect(reader.committed).toMatchObject({ position: { generation: 0, offset: 8 }, quarantine: null });
  });

  it('begins with the first object of a source that can be read', () => {
    const reader = new Reader(limits);
    reader.refuse(store('broken', 'CRC32'), 'gzip-truncated');
    reader.read(store('one\n', 'CRC32C'));
    expect(reader.committed).toMatchObject({
      position: { generation: 0, possibleGap: 0, size: 4 },
      identity: { proof: 'first' },
      quarantine: null,
    });
    expect(reader.committed?.identity.crc32?.algorithm).toBe('CRC32C');
  });

  it('continues when a deleted object is created again', () => {
    const reader = new Reader(limits);
    reader.read(store('one\ntw'));
    reader.end();
    expect(reader.committed).toMatchObject({ ended: 6_000, position: { offset: 6, held: '', heldSince: null } });
    reader.read(store('one\ntwo\n'));
    expect(reader.committed).toMatchObject({ ended: null, position: { generation: 0, offset: 8 } });
    expect(reader.lines.map(({ text }) => text)).toEqual(['one', 'tw', 'o']);
  });

  it('is no longer ended when the same object exists again', () => {
    const reader = new Reader(limits);
    reader.read(store('one\n'));
    reader.end();
    reader.read(store('one\n'));
    expect(reader.committed).toMatchObject({ ended: null, identity: { whole: true }, position: { size: 4 } });
    expect(reader.lines).toHaveLength(1);
  });

  const piece = fc
    .array(fc.constantFrom('a', 'bc', '\n', '\r\n', '12:00:00.000 [t] INFO  l - m\n', 'x'.repeat(70)), {
      maxLength: 12,
    })
    .map((parts) => Buffer.from(parts.join('')));
  const algorithm = fc.constantFrom<(CrcAlgorithm | null)[]>(null, 'CRC64NVME', 'CRC32', 'CRC32C');
  const reading = {
    chunkSize: fc.integer({ min: 1, max: 200 }),
    dieAt: fc.option(fc.integer({ min: 0, max: 4 }), { nil: Infinity }),
    algorithm,
  };
  const refusal = fc.option(fc.constantFrom(...quarantineReasons), { nil: null });
  const tight = { maxLineBytes: 60, batchBytes: 700 };

  it('loses and repeats nothing, and adds up at every step, however uploads cut the file and reads are killed', () => {
    const upload = fc.record({ ...reading, piece, refused: refusal });
    fc.assert(
      fc.property(fc.array(upload, { minLength: 1, maxLength: 8 }), fc.boolean(), (uploads, reproves) => {
        const reader = new Reader(tight, reproves);
        let content = Buffer.alloc(0);
        for (const { piece: appended, chunkSize, dieAt, algorithm: chosen, refused } of uploads) {
          if (refused !== null) reader.refuse(store(`broken ${content.length}`), refused);
          content = Buffer.concat([content, appended]);
          reader.read(store(content, chosen), chunkSize, dieAt);
        }
        reader.read(store(content), 50);
        for (const { checkpoint, content: covered } of reader.history) {
          expectTrue(checkpoint, covered);
          expect(checkpoint.identity.crc64).not.toBeNull();
        }
        expect(reader.committed?.position.generation ?? 0).toBe(0);
        expect(reader.committed?.position.size).toBe(content.length);

        const atOnce = new Reader(tight);
        atOnce.read(store(content), 1_000_000);
        expect(reader.lines).toEqual(atOnce.lines);
        expect(reader.committed?.position.sums).toEqual(atOnce.committed?.position.sums);
        expect(reader.committed?.format).toEqual(atOnce.committed?.format);
      }),
      { numRuns: runs(75) },
    );
  });

  it('describes a source truly after any sequence of events', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constantFrom('append', 'append', 'replace', 'restart'), ...reading, piece }),
      fc.record({ kind: fc.constant('refuse' as const), reason: fc.constantFrom(...quarantineReasons) }),
      fc.record({ kind: fc.constantFrom('delete', 'slim', 'closeTail') }),
      fc.record({ kind: fc.constant('limit' as const), maxLineBytes: fc.constantFrom(5, 60, 1_000) }),
    );
    const older = fc.option(fc.record({ piece, algorithm }), { nil: null });
    fc.assert(
      fc.property(older, fc.array(event, { maxLength: 12 }), fc.boolean(), (skipped, events, reproves) => {
        const reader = new Reader(tight, reproves);
        let content = skipped?.piece ?? Buffer.alloc(0);
        if (skipped !== null) reader.skip(store(content, skipped.algorithm));
        for (const happened of events) {
          switch (happened.kind) {
            case 'append':
            case 'replace':
            case 'restart':
              content = happened.kind === 'replace' ? happened.piece : Buffer.concat([content, happened.piece]);
              if (happened.kind === 'restart') reader.restart(store(content, happened.algorithm));
              reader.read(store(content, happened.algorithm), happened.chunkSize, happened.dieAt);
              break;
            case 'refuse':
              reader.refuse(store(`broken ${reader.history.length}`), happened.reason);
              break;
            case 'delete':
              reader.end();
              break;
            case 'slim':
              reader.slim();
              break;
            case 'closeTail':
              reader.closeTail();
              break;
            case 'limit':
              reader.limits = { ...tight, maxLineBytes: happened.maxLineBytes };
              break;
          }
        }
        for (const { checkpoint, content: covered } of reader.history) expectTrue(checkpoint, covered);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('a step', () => {
  const content = Buffer.from('one\ntwo\n');
  const nothing = Buffer.alloc(0);
  const reading = initialReadingState;
  const step = { from: 0, to: 4, publishedBytes: 4, droppedBytes: 0, reading };
  const rangeTo = (to: number): RangeDigest => ({
    from: 0,
    to,
    crc64: hashing.crc('CRC64NVME', content.subarray(0, to)),
    crc32: null,
    fingerprint: hashing.sha256(content.subarray(0, to)),
  });

  it('advances the checkpoint', () => {
    const start = first(store(content));
    const after = advance(start, { ...step, publishedBytes: 3, droppedBytes: 1 }, rangeTo(4));
    expect(after).toMatchObject({
      position: { offset: 4, size: 4, sums: { published: 3, dropped: 1, skipped: 0 } },
      identity: { whole: false },
    });
  });

  test.each<[string, Partial<typeof step>, Partial<RangeDigest>]>([
    ['begins later', { from: 1 }, {}],
    ['publishes less than it covers', { publishedBytes: 3 }, {}],
    ['publishes more than it covers', { publishedBytes: 5 }, {}],
    ['is measured in part', {}, { to: 3 }],
    ['is measured beyond its end', {}, { to: 5 }],
    ['is measured from elsewhere', {}, { from: 1 }],
  ])('is refused when it %s', (_, change, measured) => {
    const start = first(store(content));
    expect(() => advance(start, { ...step, ...change }, { ...rangeTo(4), ...measured })).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }) as Error,
    );
  });

  const follows = 'cannot follow the checkpoint of bucket/logs/host/a.log (generation 0, offset 0, size 0)';

  it('is refused with the step, the checkpoint and its place', () => {
    const start = first(store(content));
    expect(() => advance(start, { ...step, publishedBytes: 3 }, rangeTo(4))).toThrow(
      `a step [0, 4) with 3 bytes published and 0 dropped ${follows}`,
    );
    expect(() => advance(start, { ...step, from: 1, publishedBytes: 3 }, rangeTo(4))).toThrow(
      `a step [1, 4) with 3 bytes published and 0 dropped ${follows}`,
    );
    expect(() => advance(start, step, { ...rangeTo(4), from: 1 })).toThrow(
      `bytes [1, 4) measured where [0, 4) were read ${follows}`,
    );
  });

  it('leaves the rest of a held tail, and the time since when it is held', () => {
    const start = changed(first(store(content)), {
      size: 4,
      held: content.subarray(0, 4).toString('base64'),
      heldSince: 7,
    });
    const range = { from: 4, to: 4, crc64: 0n, crc32: null, fingerprint: 'of no byte' };
    const part = advance(start, { ...step, to: 1, publishedBytes: 1 }, range);
    expect(part.position).toMatchObject({
      offset: 1,
      size: 4,
      held: content.subarray(1, 4).toString('base64'),
      heldSince: 7,
    });
    const rest = advance(part, { ...step, from: 1, publishedBytes: 3 }, range);
    expect(rest.position).toMatchObject({ offset: 4, size: 4, held: '', heldSince: null });
    // No byte was added: checksums and fingerprint are those of before.
    expect(rest.identity).toEqual(start.identity);
  });

  it('is balanced when each byte is in one sum', () => {
    const sums = { published: 2, dropped: 3, skipped: 4 };
    expect(isBalanced(changed(first(store(content)), { offset: 9, size: 10, sums }))).toBe(true);
    expect(isBalanced(changed(first(store(content)), { offset: 8, size: 10, sums }))).toBe(false);
  });

  it('counts a skipped object as read', () => {
    const start = first(store(content));
    expect(start.identity.whole).toBe(false);
    expect(asWhole(start)).toEqual({ ...start, identity: { ...start.identity, whole: true } });
  });

  it('keeps, at a deletion, the quarantine that lies in the bytes', () => {
    const refused = (reason: QuarantineReason): Checkpoint['quarantine'] => ({
      ...{ etag: '"b"', size: 5, versionId: null, lastModified: 7, reason },
    });
    const start = first(store(content));
    expect(ended(start, 9)).toEqual({ ...start, ended: 9 });
    const inBytes = changed(start, { quarantine: refused('utf-16') });
    expect(ended(inBytes, 9)).toEqual({ ...inBytes, ended: 9 });
    expect(ended(changed(start, { quarantine: refused('denied') }), 9)).toEqual({ ...start, ended: 9 });
  });

  it('is refused at the end when the tail is not the rest of the content', () => {
    const start = first(store(content));
    const end = (held: Buffer): (() => Checkpoint) => {
      return () => atEndOfContent(start, store(content), { range: rangeTo(4), tail: { held, reading }, now: 0 });
    };
    expect(end(nothing)).toThrow('a tail of 0 bytes where 4 are left cannot follow the checkpoint of bucket/logs');
    expect(end(content.subarray(0, 5))).toThrow('cannot follow the checkpoint');
    expect(end(content.subarray(0, 4))()).toMatchObject({
      position: { offset: 0, size: 4, heldSince: 0 },
      identity: { whole: true },
    });
  });

  it('drops the second checksum when it was not measured', () => {
    const start = first(store(content, 'CRC32'));
    expect(start.identity.crc32).toEqual({ algorithm: 'CRC32', value: '00000000' });
    expect(advance(start, step, rangeTo(4)).identity.crc32).toBeNull();
    const measured = { ...rangeTo(4), crc32: hashing.crc('CRC32', content.subarray(0, 4)) };
    expect(advance(start, step, measured).identity.crc32).toEqual({
      algorithm: 'CRC32',
      value: sumOf('CRC32', content.subarray(0, 4)),
    });
  });

  it('leaves an unknown checksum unknown', () => {
    expect(advance(changed(first(store(content)), { crc64: null }), step, rangeTo(4)).identity.crc64).toBeNull();
  });

  it('removes a quarantine and an end', () => {
    const start: Checkpoint = {
      ...first(store(content)),
      quarantine: { etag: '"b"', size: 1, versionId: null, lastModified: 1, reason: 'denied' },
      ended: 5,
    };
    const none = { quarantine: null, ended: null };
    expect(advance(start, step, rangeTo(4))).toMatchObject(none);
    const end = { range: rangeTo(0), tail: { held: nothing, reading }, now: 0 };
    expect(atEndOfContent(start, store(''), end)).toMatchObject(none);
  });
});

describe('the beginning of a generation', () => {
  const stamp = (time: number): ReadingState['earlier'] => ({ time, hashes: [time] });
  /** A checkpoint with every field set. */
  const known: Checkpoint = changed(first(store('one\n', null)), {
    generation: 4,
    offset: 6,
    size: 9,
    encoding: 'gzip',
    versionId: 'v1',
    whole: true,
    crc64: null,
    crc32: { algorithm: 'CRC32', value: '01234567' },
    proof: 'proven',
    held: 'dHc=',
    heldSince: 5,
    format: {
      ...initialReadingState,
      format: 'time',
      firstTimestamp: '12:00:00.000',
      firstDay: 3,
      newest: 8,
      earlierNewest: 9,
      unsketched: stamp(6),
      earlier: stamp(5),
      openCut: 'head',
    },
    sums: { published: 3, dropped: 2, skipped: 1 },
    possibleGap: 2,
    quarantine: { etag: '"q"', size: 1, versionId: null, lastModified: 1, reason: 'utf-16' },
    ended: 9,
  });
  const content = 'ONE\nTWO\n';
  /** The fields before the first byte of an object. */
  const beginning = (algorithm: 'CRC32' | 'CRC32C' | null): CheckpointChange => ({
    source,
    origin: 'host',
    offset: 0,
    size: 0,
    etag: store(content).etag,
    versionId: null,
    objectSize: 8,
    whole: false,
    crc64: '0000000000000000',
    crc32: algorithm === null ? null : { algorithm, value: '00000000' },
    fingerprint: EMPTY_FINGERPRINT,
    proof: 'first',
    held: '',
    heldSince: null,
    sums: { published: 0, dropped: 0, skipped: 0 },
    quarantine: null,
    ended: null,
  });
  const nextReading = {
    ...initialReadingState,
    earlierNewest: 9,
    earlier: stamp(6),
    before: { firstTimestamp: '12:00:00.000', firstDay: 3 },
  };

  test.each<[CrcAlgorithm | null, Checkpoint['identity']['encoding'], 'CRC32' | 'CRC32C' | null]>([
    [null, 'plain', null],
    ['CRC64NVME', 'plain', null],
    ['CRC32', 'plain', 'CRC32'],
    ['CRC32C', 'plain', 'CRC32C'],
    // The checksum of a gzip is not that of its content.
    ['CRC32C', 'gzip', null],
  ])('keeps for an object with checksum %s, %s, the checksum %s beside CRC64NVME', (algorithm, encoding, kept) => {
    const object = store(content, algorithm);
    const all = { ...beginning(kept), encoding };
    expect(firstCheckpoint(source, 'host', object, encoding, 'logs')).toMatchObject(
      inParts({ ...all, generation: 0, possibleGap: 0 }),
    );
    expect(reopened(known, object, encoding)).toMatchObject(inParts({ ...all, generation: 4, possibleGap: 2 }));
    expect(nextGeneration(known, object, encoding)).toMatchObject(inParts({ ...all, generation: 5 }));
    expect(restarted(known, object, encoding, { count: true })).toMatchObject(inParts({ ...all, generation: 5 }));
  });

  it('notes a gap when it replaces another without versions', () => {
    const versioned = { ...store(content), versionId: 'v2' };
    const hidden = { possibleGap: 3, pendingGap: 0, versionId: null };
    expect(nextGeneration(known, store(content), 'plain')).toMatchObject(inParts(hidden));
    const suspended = { ...store(content), versionId: UNVERSIONED };
    expect(nextGeneration(known, suspended, 'plain')).toMatchObject(inParts({ ...hidden, versionId: UNVERSIONED }));
    const none = inParts({ possibleGap: 2, pendingGap: null, versionId: 'v2' });
    expect(nextGeneration(known, versioned, 'plain')).toMatchObject(none);
  });

  it('notes no gap when it is requested', () => {
    const none = inParts({ possibleGap: 2, pendingGap: null });
    expect(restarted(known, store(content), 'plain', { count: false })).toMatchObject(none);
    expect(restarted(known, store(content), 'plain', { count: true })).toMatchObject(none);
  });

  it('keeps a gap that no record has reported', () => {
    const pending = changed(known, { pendingGap: 9 });
    const versioned = { ...store(content), versionId: 'v2' };
    expect(nextGeneration(pending, versioned, 'plain')).toMatchObject({ position: { possibleGap: 2, pendingGap: 0 } });
    expect(restarted(pending, store(content), 'plain', { count: true })).toMatchObject({
      position: { possibleGap: 2, pendingGap: 0 },
    });
  });

  it('knows the lines read before, unless it is to count again', () => {
    expect(nextGeneration(known, store(content), 'plain').format).toEqual(nextReading);
    expect(restarted(known, store(content), 'plain', { count: false }).format).toEqual(nextReading);
    expect(restarted(known, store(content), 'plain', { count: true }).format).toEqual({
      ...nextReading,
      earlierNewest: null,
      earlier: null,
    });
  });

  it('keeps the earlier state when nothing was read of it', () => {
    expect(reopened(known, store(content), 'plain').format).toBe(known.format);
  });
});

describe('a possible gap', () => {
  const held = (): Checkpoint => changed(first(store('one\ntw')), { size: 6, offset: 4, held: 'dHc=', heldSince: 5 });

  it('lies after the bytes read; the first of several unreported ones is kept', () => {
    const once = withPossibleGap(held());
    expect(once).toEqual(changed(held(), { possibleGap: 1, pendingGap: 6 }));
    expect(withPossibleGap(changed(once, { size: 9 }))).toEqual(changed(once, { size: 9, possibleGap: 2 }));
  });

  test.each<[string, () => Checkpoint, number, boolean]>([
    ['says nothing of itself where there is none', held, 9, false],
    ['is not reported by a line held before it', () => withPossibleGap(held()), 6, false],
    ['is reported by a line after it', () => withPossibleGap(held()), 7, true],
    [
      'is reported by the content that replaced the object',
      () => nextGeneration(held(), store('ONE'), 'plain'),
      3,
      true,
    ],
  ])('%s', (_, checkpoint, to, said) => {
    const {
      position: { offset: from },
      format: reading,
    } = checkpoint();
    const step = { from, to, publishedBytes: to - from, droppedBytes: 0, reading };
    expect(isAfterGap(checkpoint(), step)).toBe(said);
  });
});

describe('an object that continues the bytes read', () => {
  it("is the checkpoint's object when that was not read to its end", () => {
    const before = changed(first(store('one\n', 'CRC32')), { size: 4, offset: 4, whole: true });
    const object = { ...store('one\ntwo\n'), versionId: 'v2' };
    const identity = { etag: object.etag, versionId: 'v2', lastModified: object.lastModified, objectSize: 8 };
    expect(accept(before, object, 'fingerprint')).toEqual(
      changed(before, { ...identity, whole: false, proof: 'fingerprint' }),
    );
    expect(accept(before, object, 'proven', { crc32: null }).identity.crc32).toBeNull();
  });
});

describe('the skipped bytes', () => {
  const skip = (object: Stored): Checkpoint => {
    const reader = new Reader(limits);
    reader.skip(object);
    return reader.committed as Checkpoint;
  };
  /** Bytes, some of them line feeds. */
  const bytes = (size: number, ...lineFeeds: number[]): Buffer => {
    const all = Buffer.alloc(size, 'x');
    for (const at of lineFeeds) all[at] = 10;
    return all;
  };
  const KiB64 = WINDOW_BYTES;

  test.each<[string, Buffer, number, number, ReadingState['openCut']]>([
    ['nothing of an empty object', bytes(0), 0, 0, null],
    ['nothing of a byte that begins a line', bytes(1), 0, 1, null],
    ['an empty line', bytes(1, 0), 1, 0, null],
    ['what ends with a line', bytes(10, 3, 9), 10, 0, null],
    ['all but a line that has begun', bytes(10, 3, 8), 9, 1, null],
    ['nothing of a first line that is at hand', bytes(KiB64 - 1), 0, KiB64 - 1, null],
    ['nothing of a first line that is at hand to its last byte', bytes(KiB64), 0, KiB64, null],
    ['all of a first line that is too long', bytes(KiB64 + 1), KiB64 + 1, 0, 'head'],
    ['all but a line that has begun, in 64 KiB', bytes(KiB64, 0), 1, KiB64 - 1, null],
    ['all but a line that has begun with the 64 KiB', bytes(KiB64 + 1, 1), 2, KiB64 - 1, null],
    ['all of a line that has begun before the 64 KiB', bytes(KiB64 + 1, 0), KiB64 + 1, 0, 'head'],
    ['what ends with a line, in 64 KiB', bytes(KiB64, KiB64 - 1), KiB64, 0, null],
    ['what ends with a line, in more', bytes(KiB64 + 1, KiB64), KiB64 + 1, 0, null],
    ['all but the last byte', bytes(3 * KiB64, 3 * KiB64 - 2), 3 * KiB64 - 1, 1, null],
    ['all of a long line of a long object', bytes(3 * KiB64, KiB64), 3 * KiB64, 0, 'head'],
  ])('are %s', (_, content, offset, held, openCut) => {
    for (const algorithm of [null, 'CRC64NVME', 'CRC32', 'CRC32C'] as const) {
      const checkpoint = skip(store(content, algorithm));
      expectTrue(checkpoint, content);
      expect(checkpoint).toMatchObject({
        position: {
          offset,
          size: content.length,
          heldSince: held === 0 ? null : 5_000,
          sums: { published: 0, dropped: 0, skipped: offset },
        },
        identity: { whole: true, proof: 'first' },
      });
      expect(checkpoint.format).toEqual({ ...initialReadingState, openCut });
      expect(heldBytes(checkpoint)).toBe(held);
      expect(checkpoint.identity.crc64 !== null).toBe(algorithm === 'CRC64NVME' || content.length === 0);
      expect(checkpoint.identity.crc32?.algorithm ?? null).toBe(algorithm === 'CRC64NVME' ? null : algorithm);
    }
  });

  test.each<[CrcAlgorithm | null, Checkpoint['identity']['proof']]>([
    ['CRC64NVME', 'proven'],
    ['CRC32', 'proven'],
    ['CRC32C', 'proven'],
    [null, 'fingerprint'],
  ])('are followed by appended bytes, by checksum %s', (algorithm, proof) => {
    const reader = new Reader(limits, true);
    reader.skip(store('one\ntwo\nthr', algorithm));
    reader.read(store('one\ntwo\nthree\nfour\n', algorithm));
    expect(reader.lines.map(({ text, offset }) => [offset, text])).toEqual([
      [8, 'three'],
      [14, 'four'],
    ]);
    expect(reader.committed).toMatchObject({
      identity: { proof },
      position: { sums: { published: 11, dropped: 0, skipped: 8 } },
    });
    expectTrue(reader.committed as Checkpoint, Buffer.from('one\ntwo\nthree\nfour\n'));
  });

  test.each<[CrcAlgorithm | null]>([['CRC64NVME'], ['CRC32'], ['CRC32C'], [null]])(
    'may be the beginning of an object, whose rest is read, by checksum %s',
    (algorithm) => {
      const content = Buffer.from('one\ntwo\nthree\nfour\n');
      const object = store(content, algorithm);
      const start = first(object);
      const range = createRangeDigester(start, hashing);
      range.push(content);
      const checkpoint = skippedTo(start, range.measure(11), { before: content.subarray(0, 11), now: 5_000 });
      expectTrue(checkpoint, content);
      expect(checkpoint).toMatchObject({
        position: { offset: 8, size: 11, sums: { published: 0, skipped: 8 } },
        identity: { whole: false },
      });

      const reader = new Reader(limits, true);
      reader.committed = checkpoint;
      reader.read(object);
      expect(reader.lines.map(({ text, offset }) => [offset, text])).toEqual([
        [8, 'three'],
        [14, 'four'],
      ]);
      expectTrue(reader.committed, content);
      reader.read(store(`${content.toString()}five\n`, algorithm));
      expect(reader.committed).toMatchObject({
        position: { generation: 0, sums: { published: 16, skipped: 8 } },
        identity: { proof: 'proven' },
      });
    },
  );

  it('include the rest of a line that began long before', () => {
    const reader = new Reader(limits);
    reader.skip(store(bytes(KiB64 + 1)));
    reader.read(store(Buffer.concat([bytes(KiB64 + 1), Buffer.from('xx\ntwo\n')])), 1_000);
    expect(reader.lines.map(({ text }) => text)).toEqual(['two']);
    expect(reader.committed?.position.sums).toEqual({ published: 4, dropped: 3, skipped: KiB64 + 1 });
  });
});

describe('a tail that will not be terminated', () => {
  const held = (bytes: number, atHand: number): Checkpoint =>
    changed(first(store('one\n')), {
      offset: 4,
      size: 4 + bytes,
      held: Buffer.alloc(atHand, 'x').toString('base64'),
      heldSince: bytes === 0 ? null : 5,
      sums: { published: 4, dropped: 0, skipped: 0 },
    });

  it('changes nothing when none is held', () => {
    const none = held(0, 0);
    expect(withoutTail(none)).toBe(none);
  });

  it('is dropped, and counted as such, when it is not held', () => {
    const lost = withoutTail(held(100, 0));
    expect(lost).toMatchObject({
      position: { offset: 104, size: 104, held: '', heldSince: null },
      format: { openCut: 'head' },
    });
    expect(lost.position.sums).toEqual({ published: 4, dropped: 100, skipped: 0 });
    expect(isBalanced(lost)).toBe(true);
  });

  it('is published as far as it is held', () => {
    const content = Buffer.from(`one\n${'x'.repeat(100 * 1024)}`);
    const reader = new Reader({ maxLineBytes: 256 * 1024, batchBytes: 900_000 });
    reader.read(store(content), 64 * 1024);
    reader.closeTail();
    expect(reader.lines.map(({ text }) => text.length)).toEqual([3, WINDOW_BYTES]);
    expect(reader.committed?.position.sums).toEqual({ published: 4 + WINDOW_BYTES, dropped: 36 * 1024, skipped: 0 });
    expectTrue(reader.committed as Checkpoint, content);
  });
});

describe('the trimmed checkpoint of a quiet source', () => {
  const hashes = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const of = (unsketched: number | null, earlier: number | null): Checkpoint =>
    changed(first(store('one\n')), {
      format: {
        ...initialReadingState,
        unsketched: unsketched === null ? null : { time: 5, hashes: hashes(unsketched) },
        earlier: earlier === null ? null : { time: 4, hashes: hashes(earlier) },
      },
    });

  test.each<[number | null, number | null, boolean]>([
    [null, null, true],
    [2, 2, true],
    [0, null, true],
    [3, null, false],
    [1, 3, false],
    [1_024, 1_024, false],
  ])('with %p hashes of lines without a sketch and %p of earlier ones', (unsketched, earlier, wasSlim) => {
    const least = (count: number | null): number | null => (count === null ? null : Math.min(2, count));
    const checkpoint = of(unsketched, earlier);
    expect(isTrimmed(checkpoint)).toBe(wasSlim);
    expect(trimmed(checkpoint).checkpoint).toEqual(of(least(unsketched), least(earlier)));
    expect(isTrimmed(trimmed(checkpoint).checkpoint)).toBe(true);
  });
});
