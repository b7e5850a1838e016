import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { loadCrc64Nvme } from '../../../src/adapters/native/checksums';
import { LineFlag } from '../../../src/domain/lines/line-batch';
import { lineAt } from '../../../src/domain/lines/line-batch';
import { createScanner, type LineScanner, type ScannedBatch } from '../../../src/domain/lines/scanner';
import type { Checkpoint } from '../../../src/domain/sources/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/domain/sources/checkpoint-record';
import { formatCrc64, WINDOW_BYTES, type Hashing } from '../../../src/domain/sources/content';
import { planRead, resumptionOf, type SourceObject } from '../../../src/domain/sources/plan';
import {
  accept,
  advance,
  finished,
  firstCheckpoint,
  heldBytes,
  isBalanced,
  nextGeneration,
} from '../../../src/domain/sources/progress';
import { createProof } from '../../../src/domain/sources/proof';
import { createTrail } from '../../../src/domain/sources/trail';

const source = 'bucket/logs/host/a.log';

/** What an object store holds under one key. */
interface Stored extends SourceObject {
  readonly content: Buffer;
}

interface Line {
  readonly generation: number;
  readonly offset: number;
  readonly text: string;
}

/** A log-reader without a store or an event log: what it publishes is kept with its checkpoint, or not at all. */
class Reader {
  committed: Checkpoint | null = null;
  readonly lines: Line[] = [];
  /** Every checkpoint that was ever committed. */
  readonly checkpoints: Checkpoint[] = [];

  constructor(
    private readonly hashing: Hashing,
    private readonly limits: { readonly maxLineBytes: number; readonly batchBytes: number },
  ) {}

  /** Reads the object in chunks; is killed before step number `dieAt` is committed. Says whether it came to the end. */
  read(object: Stored, chunkSize: number, dieAt = Infinity): boolean {
    const start = this.startOf(object, chunkSize);
    if (start === null) return true;
    const scanner = this.scannerFor(start);
    const trail = createTrail(start, this.hashing);
    let checkpoint = start;
    let steps = 0;
    for (const chunk of chunks(object, resumptionOf(start).from, chunkSize)) {
      for (const scanned of scanner.push(trail.push(chunk))) {
        checkpoint = advance(checkpoint, scanned, trail.measure(scanned.to));
        if (++steps > dieAt) return false;
        this.commit(checkpoint, scanned);
      }
    }
    const { held, reading } = scanner.state();
    const tail = { held: held.subarray(0, WINDOW_BYTES), reading };
    checkpoint = finished(checkpoint, object, { extent: trail.measure(object.size), tail, now: 5_000 });
    if (steps >= dieAt) return false;
    this.commit(checkpoint, null);
    return true;
  }

  /** Publishes the held tail, as when the source is silent for long. */
  publishTail(): void {
    if (this.committed === null) return;
    const trail = createTrail(this.committed, this.hashing);
    for (const scanned of this.scannerFor(this.committed).finish()) {
      this.commit(advance(this.committed, scanned, trail.measure(scanned.to)), scanned);
    }
  }

  private startOf(object: Stored, chunkSize: number): Checkpoint | null {
    const plan = planRead(this.committed, object);
    switch (plan.kind) {
      case 'nothing':
        return null;
      case 'first':
        return firstCheckpoint(source, 'host', object);
      case 'continue':
        return plan.checkpoint;
      case 'rewrite':
        return nextGeneration(plan.checkpoint, object);
      case 'prove': {
        const proof = createProof(plan.checkpoint, this.hashing);
        for (const chunk of chunks(object, resumptionOf(plan.checkpoint).from, chunkSize)) proof.push(chunk);
        const { outcome } = proof.judge(object);
        return outcome === 'disproved'
          ? nextGeneration(plan.checkpoint, object)
          : accept(plan.checkpoint, object, outcome);
      }
    }
  }

  private scannerFor(checkpoint: Checkpoint): LineScanner {
    const { origin, generation, lastModified, reading } = checkpoint;
    return createScanner(
      {
        ...this.limits,
        source,
        origin,
        generation,
        lastModified,
        fileDay: null,
        zone: 'UTC',
        maxFutureSkew: 3_600_000,
      },
      { ...resumptionOf(checkpoint), reading },
    );
  }

  private commit(checkpoint: Checkpoint, scanned: ScannedBatch | null): void {
    const { key, value } = encodeCheckpoint(checkpoint);
    this.committed = decodeCheckpoint(key, value);
    expect(this.committed).toEqual(checkpoint);
    this.checkpoints.push(checkpoint);
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
  let hashing: Hashing;
  beforeAll(async () => {
    const crc64 = await loadCrc64Nvme();
    hashing = { crc64, sha256: (bytes) => createHash('sha256').update(bytes).digest('base64') };
  });

  const limits = { maxLineBytes: 1_000, batchBytes: 10_000 };
  const store = (content: Buffer, withChecksum = true): Stored => ({
    content,
    size: content.length,
    etag: `"${createHash('md5').update(content).digest('hex')}"`,
    lastModified: Date.UTC(2026, 10, 21),
    ...(withChecksum
      ? { checksum: { algorithm: 'CRC64NVME' as const, value: formatCrc64(hashing.crc64(content)) } }
      : {}),
  });

  const expectTrue = (checkpoint: Checkpoint, content: Buffer): void => {
    const covered = content.subarray(0, checkpoint.size);
    expect(isBalanced(checkpoint)).toBe(true);
    expect(checkpoint.crc64).toBe(formatCrc64(hashing.crc64(covered)));
    expect(checkpoint.fingerprint).toBe(hashing.sha256(covered.subarray(-WINDOW_BYTES)));
    const tail = covered.subarray(checkpoint.offset).subarray(0, WINDOW_BYTES);
    expect(checkpoint.held).toBe(tail.toString('base64'));
    expect(checkpoint.heldSince === null).toBe(tail.length === 0);
  };

  it('holds an unterminated line, and publishes it once when its end has come', () => {
    const reader = new Reader(hashing, limits);
    reader.read(store(Buffer.from('one\ntw')), 3);
    expect(reader.lines.map(({ text }) => text)).toEqual(['one']);
    expect(reader.committed).toMatchObject({ offset: 4, size: 6, heldSince: 5_000, proof: 'first' });

    reader.read(store(Buffer.from('one\ntwo\n')), 3);
    expect(reader.lines.map(({ text, offset }) => [offset, text])).toEqual([
      [0, 'one'],
      [4, 'two'],
    ]);
    expect(reader.committed).toMatchObject({
      generation: 0,
      offset: 8,
      size: 8,
      held: '',
      heldSince: null,
      proof: 'proven',
    });
  });

  it('keeps the time when a tail was first seen while it grows', () => {
    const reader = new Reader(hashing, limits);
    reader.read(store(Buffer.from('on')), 3);
    reader.committed = { ...(reader.committed as Checkpoint), heldSince: 1_000 };
    reader.read(store(Buffer.from('one')), 3);
    expect(reader.committed).toMatchObject({ size: 3, heldSince: 1_000 });
  });

  it('starts a new generation, with empty sums and a gap noted, when the content was replaced', () => {
    const reader = new Reader(hashing, limits);
    reader.read(store(Buffer.from('one\ntwo\n')), 3);
    reader.read(store(Buffer.from('ONE\ntwo\nthree\n')), 3);
    expect(reader.lines.map(({ generation, text }) => `${generation} ${text}`)).toEqual([
      '0 one',
      '0 two',
      '1 ONE',
      '1 two',
      '1 three',
    ]);
    expect(reader.committed).toMatchObject({ generation: 1, possibleGap: 1, proof: 'first', sums: { published: 14 } });
  });

  it('notes no gap where the bucket keeps versions', () => {
    const first = firstCheckpoint(source, 'host', store(Buffer.from('one\n')));
    expect(nextGeneration(first, { ...store(Buffer.from('')), versionId: 'v2' })).toMatchObject({
      generation: 1,
      possibleGap: 0,
      versionId: 'v2',
    });
  });

  it('publishes a held tail without reading, and goes on behind it', () => {
    const reader = new Reader(hashing, limits);
    reader.read(store(Buffer.from('one\ntw')), 3);
    reader.publishTail();
    expectTrue(reader.committed as Checkpoint, Buffer.from('one\ntw'));
    expect(reader.lines.map(({ text }) => text)).toEqual(['one', 'tw']);

    const grown = Buffer.from('one\ntwo\nthree\n');
    reader.read(store(grown), 3);
    expectTrue(reader.committed as Checkpoint, grown);
    expect(reader.lines.map(({ text }) => text)).toEqual(['one', 'tw', 'o', 'three']);
  });

  it('reads a tail that is longer than what is held from its start', () => {
    const long = Buffer.concat([Buffer.from('one\n'), Buffer.alloc(100 * 1024, 'x')]);
    const whole = Buffer.concat([long, Buffer.from('\ntwo\n')]);
    const reader = new Reader(hashing, { maxLineBytes: 256 * 1024, batchBytes: 900_000 });
    reader.read(store(long), 64 * 1024);
    expectTrue(reader.committed as Checkpoint, long);
    expect(heldBytes(reader.committed as Checkpoint)).toBe(100 * 1024);
    reader.read(store(whole), 64 * 1024);
    expectTrue(reader.committed as Checkpoint, whole);
    expect(reader.lines.map(({ text }) => text.length)).toEqual([3, 100 * 1024, 3]);
  });

  it.each([500, 100 * 1024])(
    'goes on when the limit of a line was lowered below a held tail of %i bytes',
    (tailBytes) => {
      const torn = Buffer.from(`one\n${'x'.repeat(tailBytes)}`);
      const whole = Buffer.concat([torn, Buffer.from('\ntwo\n')]);
      const before = new Reader(hashing, { maxLineBytes: 256 * 1024, batchBytes: 900_000 });
      before.read(store(torn), 10_000);
      const after = new Reader(hashing, { ...limits, maxLineBytes: 100 });
      after.committed = before.committed;
      after.read(store(whole), 10_000);
      for (const checkpoint of after.checkpoints) {
        expect(isBalanced(checkpoint)).toBe(true);
        expect(checkpoint.crc64).toBe(formatCrc64(hashing.crc64(whole.subarray(0, checkpoint.size))));
      }
      expectTrue(after.committed as Checkpoint, whole);
      expect(after.lines.map(({ text }) => text)).toEqual([`${'x'.repeat(100)}…`, 'two']);
    },
  );

  it('refuses a step that does not follow the checkpoint', () => {
    const content = Buffer.from('one\ntwo\n');
    const start = firstCheckpoint(source, 'host', store(content));
    const { reading } = start;
    const extent = { from: 0, to: 4, crc64: hashing.crc64(content.subarray(0, 4)), fingerprint: '' };
    const step = { from: 0, to: 4, publishedBytes: 4, droppedBytes: 0, reading };
    expect(advance(start, step, extent)).toMatchObject({ offset: 4, size: 4 });
    expect(() => advance(start, { ...step, from: 1 }, extent)).toThrow('cannot follow the checkpoint');
    expect(() => advance(start, { ...step, publishedBytes: 3 }, extent)).toThrow('cannot follow the checkpoint');
    expect(() => advance(start, step, { ...extent, to: 3 })).toThrow('cannot follow the checkpoint');
    expect(() => finished(start, store(content), { extent, tail: { held: Buffer.alloc(0), reading }, now: 0 })).toThrow(
      'cannot follow the checkpoint',
    );
  });

  it('refuses to measure bytes that did not come', () => {
    const trail = createTrail(firstCheckpoint(source, 'host', store(Buffer.from('one\n'))), hashing);
    trail.push(Buffer.from('on'));
    expect(() => trail.measure(3)).toThrow('were to be measured');
  });

  it('loses and repeats nothing, and adds up at every step, however uploads cut the file and reads are killed', () => {
    const piece = fc
      .array(fc.constantFrom('a', 'bc', '\n', '\r\n', '12:00:00.000 [t] INFO  l - m\n', 'x'.repeat(70)), {
        maxLength: 12,
      })
      .map((parts) => Buffer.from(parts.join('')));
    const upload = fc.record({
      piece,
      chunkSize: fc.integer({ min: 1, max: 200 }),
      dieAt: fc.option(fc.integer({ min: 0, max: 4 }), { nil: Infinity }),
      withChecksum: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(upload, { minLength: 1, maxLength: 8 }), (uploads) => {
        const tight = { maxLineBytes: 60, batchBytes: 700 };
        const reader = new Reader(hashing, tight);
        let content = Buffer.alloc(0);
        for (const { piece: appended, chunkSize, dieAt, withChecksum } of uploads) {
          content = Buffer.concat([content, appended]);
          const object = store(content, withChecksum);
          const seen = reader.checkpoints.length;
          reader.read(object, chunkSize, dieAt);
          for (const checkpoint of reader.checkpoints.slice(seen)) expectTrue(checkpoint, content);
        }
        reader.read(store(content), 50);
        expect(reader.committed?.generation ?? 0).toBe(0);
        expect(reader.committed?.size).toBe(content.length);

        const atOnce = new Reader(hashing, tight);
        atOnce.read(store(content), 1_000_000);
        expect(reader.lines).toEqual(atOnce.lines);
        expect(reader.committed?.sums).toEqual(atOnce.committed?.sums);
        expect(reader.committed?.reading).toEqual(atOnce.committed?.reading);
      }),
      { numRuns: 300 },
    );
  });
});
