import { findRepeats } from '../../../actors/reader/find-repeats';
import { ContentSlot } from '../../../actors/reader/content';
import type { Operation } from '../../../actors/reader/operation';
import { scanLines } from '../../../actors/reader/scan';
import type { Checkpoint } from '../../../src/ingestion/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/ingestion/checkpoint-record';
import { EMPTY_FINGERPRINT, type Hashing } from '../../../src/ingestion/content';
import { resumptionOf, type SourceObject } from '../../../src/ingestion/plan';
import { accept, advance, atEndOfContent, trimmed } from '../../../src/ingestion/progress';
import { firstCheckpoint, nextGeneration } from '../../../src/ingestion/generations';
import type { ReaderEvent } from '../../../src/ingestion/reader/protocol';
import { LineFlag, lineAt } from '../../../src/lines/line-batch';
import { mayRepeat } from '../../../src/lines/reading-state';
import type { Repeats } from '../../../src/lines/repeats/repeat-finder';
import type { SketchBlock } from '../../../src/lines/repeats/sketch';
import { decodeBlock, encodeBlock } from '../../../src/lines/repeats/sketch-record';
import type { ScanOptions } from '../../../src/lines/scanner';

/** A published line, and whether it was marked as a repeat. */
export interface Published {
  readonly text: string;
  readonly again: boolean;
}

const SOURCE = 'b/web-1/app.log';

const scan = (): ScanOptions => ({
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: 3_600_000,
  maxLineBytes: 10_000,
  batchBytes: 900_000,
});

/** No checksum matters here. */
const hashing: Hashing = { crc: () => 0n, sha256: () => EMPTY_FINGERPRINT };

/** Reads one source, upload after upload, as the producer's reader does. Checkpoints and blocks pass through their records. */
export class RepeatingSource {
  checkpoint: Checkpoint | null = null;
  /** Topic `sketches`, compacted. */
  readonly topic = new Map<string, Buffer>();
  /** Times that the sketch was read. */
  lookups = 0;
  /** Bytes of records for `checkpoints` and `sketches`. */
  written = 0;
  private content = '';

  /** @returns the lines that were published */
  async upload(content: string, lastModified: number, chunkBytes = 64 * 1024): Promise<Published[]> {
    const object: SourceObject = { etag: `"${lastModified}"`, size: Buffer.byteLength(content), lastModified };
    const start = this.startOf(content, object);
    this.content = content;
    const bytes = Buffer.from(content);
    const chunks = (): AsyncIterable<Buffer> => piecesFrom(bytes, resumptionOf(start).from, chunkBytes);
    let repeats: Repeats | null = null;
    if (mayRepeat(start.format)) {
      const search = { checkpoint: start, chunks: chunks(), flush: false, keep: false };
      const sketchOf = (): Promise<SketchBlock[]> => Promise.resolve(this.blocks());
      const [found] = await eventsOf(findRepeats(search, new ContentSlot(), { key: 'k', scan, sketchOf }));
      if (found?.event.type !== 'repeatsFound' || found.event.missing > 0) throw new Error('blocks are missing');
      ({ repeats } = found.event);
    }
    let checkpoint = start;
    const lines: Published[] = [];
    const operation = scanLines(
      { checkpoint, object, chunks: chunks(), reopen: chunks, flush: false, repeats },
      { key: 'k', scan, hashing, maxKeptBytes: 0 },
    );
    for (const { event, scanned } of await eventsOf(operation)) {
      if (event.type === 'scanned' && scanned !== null) {
        checkpoint = advance(checkpoint, event.step, event.range);
        const { batch } = scanned;
        for (let i = 0; i < batch.count; i++) {
          const again = ((batch.flags[i] ?? 0) & LineFlag.AGAIN) !== 0;
          lines.push({ text: lineAt(batch, i).toString(), again });
        }
        this.put(scanned.blocks);
      } else if (event.type === 'contentEnded') {
        checkpoint = atEndOfContent(checkpoint, object, { ...event, now: 0 });
      }
    }
    this.commit(checkpoint);
    return lines;
  }

  trim(): void {
    if (this.checkpoint === null) return;
    const { checkpoint, blocks } = trimmed(this.checkpoint);
    this.put(blocks);
    this.commit(checkpoint);
  }

  private startOf(content: string, object: SourceObject): Checkpoint {
    const { checkpoint } = this;
    if (checkpoint === null) return firstCheckpoint(SOURCE, 'web-1', object, 'plain', 'logs');
    return content.startsWith(this.content)
      ? accept(checkpoint, object, 'proven')
      : nextGeneration(checkpoint, object, 'plain');
  }

  private blocks(): SketchBlock[] {
    this.lookups += 1;
    return [...this.topic].flatMap(([key, value]) => decodeBlock(Buffer.from(key), value) ?? []);
  }

  private put(blocks: readonly SketchBlock[]): void {
    for (const block of blocks) {
      const { key, value } = encodeBlock(SOURCE, block);
      this.topic.set(key.toString(), value);
      this.written += key.length + value.length;
    }
  }

  private commit(checkpoint: Checkpoint): void {
    const { key, value } = encodeCheckpoint(checkpoint);
    this.written += key.length + value.length;
    this.checkpoint = decodeCheckpoint(key, value);
  }
}

interface Answer {
  readonly event: ReaderEvent;
  readonly scanned: Extract<Awaited<ReturnType<Operation['next']>>, object>['scanned'];
}

async function eventsOf(operation: Operation): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (;;) {
    const progress = await operation.next();
    if (progress === 'unfinished') continue;
    answers.push(progress);
    if (progress.event.type !== 'scanned') return answers;
  }
}

async function* piecesFrom(bytes: Buffer, from: number, size: number): AsyncGenerator<Buffer> {
  for (let at = from; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
