import { gzipSync } from 'node:zlib';
import type { Random } from '../../../src/generator/random';
import type { QuarantineReason } from '../../../src/ingestion/checkpoint';

/** Content that services write, its changes on their hosts, and its packing for uploads. */

/** An object: its stored bytes, and the content to be read. */
export interface Content {
  readonly stored: Buffer;
  readonly text: Buffer;
  readonly encoding: 'plain' | 'gzip';
  /** Why it cannot be read. */
  readonly broken: QuarantineReason | null;
}

/** Only this many bytes of a longer line are published. */
export const MAX_LINE_BYTES = 32 * 1024;
const LARGEST_BYTES = 2 * 1024 * 1024;
/** An upload may end here or later: not within a BOM. */
const SMALLEST_CUT = 64;

const BOM = Buffer.from('\ufeff');
const LINE_FEED = 10;

const nothing = Buffer.alloc(0);

/** `change`: a byte is another one; `grow`: cut and grown again; `rotate`: the content before is uploaded, too. */
const editWeights = {
  append: 12,
  same: 2,
  rewrite: 3,
  change: 2,
  cut: 1,
  grow: 3,
  rotate: 3,
  empty: 1,
};

/** One of the names, by weight. */
export function pick<K extends string>(random: Random, weights: Readonly<Record<K, number>>): K {
  const entries = Object.entries<number>(weights) as [K, number][];
  let left = random.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
  throw new Error('nothing to pick from');
}

/** The log file of a service. */
export class LogFile {
  private text: Buffer = nothing;
  /** The rest of the last line, still to be written. */
  private rest: Buffer = nothing;
  private written = 0;

  /**
   * @param large its size at the beginning; it never gets much longer
   * @param longLines some lines are longer than {@link MAX_LINE_BYTES}
   */
  constructor(
    private readonly name: string,
    private readonly random: Random,
    private readonly kind: { readonly zipped: boolean; readonly large: number; readonly longLines: boolean },
  ) {}

  /** The service writes, or the file is edited. @returns the contents uploaded then, one after the other */
  next(): Content[] {
    const { random } = this;
    const isFull = this.text.length > Math.max(LARGEST_BYTES, this.kind.large * 1.1);
    const edit = isFull ? 'rotate' : pick(random, editWeights);
    const uploads: Content[] = [];
    switch (edit) {
      case 'append':
        this.append();
        break;
      case 'same':
        break;
      case 'rewrite':
        this.begin();
        break;
      case 'change':
        this.change();
        if (random.fraction() < 0.5) this.append();
        break;
      case 'cut':
        this.cut();
        break;
      case 'grow':
        this.cut();
        this.append();
        break;
      case 'rotate':
        // The script on the host uploads the old file again under its old key, then the new one.
        for (let times = random.integer(1, 2); times > 0; times--) {
          this.append();
          uploads.push(this.packed());
          this.begin();
        }
        break;
      case 'empty':
        this.text = this.rest = nothing;
        break;
    }
    return [...uploads, this.packed()];
  }

  private begin(): void {
    this.text = this.rest = nothing;
    if (this.random.fraction() < 0.1) this.text = BOM;
    // The BOM is never torn below.
    this.text = Buffer.concat([this.text, this.line('plain')]);
    while (this.text.length < this.kind.large) {
      this.text = Buffer.concat([this.text, ...Array.from({ length: 1_000 }, () => this.line('bulk'))]);
    }
    this.append();
  }

  private append(): void {
    const { random } = this;
    if (this.text.length === 0 && this.kind.large > 0) {
      this.begin();
      return;
    }
    const isBulk = random.fraction() < 0.15;
    const count = isBulk ? random.integer(100, 1_500) : random.integer(0, 40);
    const lines = Array.from({ length: count }, () => this.line(isBulk ? 'bulk' : this.anyKind()));
    this.text = Buffer.concat([this.text, this.rest, ...lines]);
    this.rest = nothing;
    if (random.fraction() < 0.6) {
      const torn = this.line(pick(random, { plain: 2, wide: 2, crlf: 2 }));
      // Between CR and LF as often as anywhere else.
      const at = random.fraction() < 0.3 ? torn.length - 1 : random.integer(1, torn.length - 1);
      this.text = Buffer.concat([this.text, torn.subarray(0, at)]);
      this.rest = torn.subarray(at);
    }
  }

  /** As `sed -i` does: one byte that ends no line is another one. */
  private change(): void {
    if (this.text.length <= SMALLEST_CUT) return;
    const at = this.random.integer(SMALLEST_CUT, this.text.length - 1);
    const byte = this.text[at] ?? 0;
    if (byte < 0x20) return;
    this.text = Buffer.from(this.text);
    this.text[at] = byte === 0x78 ? 0x79 : 0x78;
  }

  private cut(): void {
    const { length } = this.text;
    if (length <= SMALLEST_CUT) return;
    this.text = this.text.subarray(0, this.random.integer(SMALLEST_CUT, length));
    this.rest = Buffer.from('\n');
  }

  private anyKind(): Parameters<LogFile['line']>[0] {
    const long = this.kind.longLines ? 0.3 : 0;
    return pick(this.random, { plain: 10, stack: 3, empty: 1, wide: 4, crlf: 4, binary: 2, long });
  }

  private line(kind: 'plain' | 'stack' | 'empty' | 'wide' | 'crlf' | 'binary' | 'long' | 'bulk'): Buffer {
    const { random } = this;
    const n = this.written++;
    const stamp = new Date(Date.UTC(2026, 2, 1) + n * 37).toISOString().replace('T', ' ').slice(0, 23);
    const head = `${stamp} [main] INFO  app.Main - ${this.name} ${n} `;
    switch (kind) {
      case 'plain':
        return Buffer.from(`${head}${'x'.repeat(random.integer(0, 100))}\n`);
      case 'stack':
        return Buffer.from(`\tat app.Main.run${n}(Main.java:${n})\n`);
      case 'empty':
        return Buffer.from('\n');
      case 'wide':
        return Buffer.from(`${head}äöü 日本 ${'😀'.repeat(random.integer(0, 30))}\n`);
      case 'crlf':
        return Buffer.from(`${head}carriage\r\n`);
      case 'binary': {
        const bytes = Buffer.from(Array.from({ length: random.integer(1, 200) }, () => random.integer(0, 255)));
        return Buffer.concat([
          Buffer.from(head),
          bytes.map((byte) => (byte === LINE_FEED ? 0 : byte)),
          Buffer.from('\n'),
        ]);
      }
      case 'long':
        return Buffer.from(`${head}${'long '.repeat(random.integer(8_000, 20_000))}\n`);
      case 'bulk':
        return Buffer.from(`${head}${'bulk '.repeat(random.integer(100, 300))}\n`);
    }
  }

  private packed(): Content {
    const { text } = this;
    const { large, zipped } = this.kind;
    const often = zipped ? { plain: 1, gzip: 14, members: 4 } : { plain: 24, gzip: 1, members: 1 };
    const packing = large > 0 ? 'plain' : pick(this.random, { ...often, corrupt: 1, truncated: 1, 'utf-16': 1 });
    const read = { text, encoding: 'gzip', broken: null } as const;
    switch (packing) {
      case 'plain':
        return { ...read, stored: text, encoding: 'plain' };
      case 'gzip':
        return { ...read, stored: gzipSync(text) };
      case 'members': {
        const half = Math.floor(text.length / 2);
        return { ...read, stored: Buffer.concat([gzipSync(text.subarray(0, half)), gzipSync(text.subarray(half))]) };
      }
      case 'corrupt': {
        const stored = gzipSync(text);
        // Its checksum, in the last eight bytes.
        const at = stored.length - 8;
        stored[at] = (stored[at] ?? 0) ^ 0xff;
        return { ...read, stored, broken: 'gzip-corrupt' };
      }
      case 'truncated': {
        const stored = gzipSync(text);
        return { ...read, stored: stored.subarray(0, stored.length - 4), broken: 'gzip-truncated' };
      }
      case 'utf-16':
        return {
          text,
          stored: Buffer.from(`\ufeff${text.toString()}`, 'utf16le'),
          encoding: 'plain',
          broken: 'utf-16',
        };
    }
  }
}
