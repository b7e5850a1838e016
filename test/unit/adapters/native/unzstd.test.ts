import fc from 'fast-check';
import { unzstd } from '../../../../src/adapters/native/unzstd';
import { isTelltaleError, type ErrorCode } from '../../../../src/errors';
import { ChunkedSource, eachByte } from '../../../support/chunked';
import { skippableFrame, zstdBomb, zstdFrame } from '../../../support/zstd';

/** Written by the zstd command line 1.5.4 with --check, level 19: entropy coding, and a checksum. */
const compressed = Buffer.from(
  'KLUv/WSrAJUDAFJFExhwyQ4gK1WIqHhIdQfYgV/TvhwHQfp7qAEHwveca42xtZTq5iOKLY4+LwUpg3OKiQ8bMaPWqc/jZSZdqL0x' +
    'VKM5QCTKQO+hST3OXFuLE6gQ0PnPA5DDtgEwAiN+WvT6fwfXeqsPA4mLf71f4Z39AYVGYr4=',
  'base64',
);
const compressedText = `first line\nsecond line${', which repeats: second line'.repeat(2)}, which repeats\n${Array.from(
  { length: 9 },
  (_, i) => `2026-11-29 10:00:0${i + 1} ERROR a - from ${i + 1}\n`,
).join('')}`;

interface Outcome {
  readonly content: Buffer;
  readonly code: ErrorCode | null;
}

async function outcome(source: ChunkedSource, maxRatio = 250): Promise<Outcome> {
  const pieces: Buffer[] = [];
  let code: ErrorCode | null = null;
  try {
    for await (const piece of unzstd(source, { maxRatio })) pieces.push(piece);
  } catch (error) {
    if (!isTelltaleError(error)) throw error;
    code = error.code;
  }
  expect(source.closed).toBe(true);
  return { content: Buffer.concat(pieces), code };
}

const content = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const frame = fc.record({ content, checksum: fc.boolean(), windowLog: fc.constantFrom(10, 20, 23, null) });

describe('the content of a zstd', () => {
  it('is the concatenated content of its frames, for any frames, skippable frames and chunks', async () => {
    const part = fc.oneof(frame, content.map(skippableFrame));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), fc.array(fc.nat()), async (parts, cuts) => {
        const bytes = parts.map((each) => (Buffer.isBuffer(each) ? each : zstdFrame(each.content, each)));
        const expected = parts.flatMap((each) => (Buffer.isBuffer(each) ? [] : [each.content]));
        const source = new ChunkedSource(Buffer.concat(bytes), cuts);
        expect(await outcome(source)).toEqual({ content: Buffer.concat(expected), code: null });
      }),
      { numRuns: 50 },
    );
  });

  it('is decompressed for any chunks', async () => {
    for (const cuts of [[], eachByte(compressed)]) {
      const { content: got, code } = await outcome(new ChunkedSource(compressed, cuts));
      expect({ got: got.toString(), code }).toEqual({ got: compressedText, code: null });
    }
  });

  it('comes in pieces of at most 128 KiB, with an empty one for each chunk without content', async () => {
    const large = Buffer.alloc(1_000_000, 'a line\n');
    const bytes = Buffer.concat([skippableFrame(Buffer.alloc(400)), zstdFrame(large)]);
    const sizes: number[] = [];
    const source = new ChunkedSource(
      bytes,
      Array.from({ length: 40 }, (_, i) => i * 10),
    );
    for await (const piece of unzstd(source, { maxRatio: 250 })) sizes.push(piece.length);
    expect(sizes.slice(0, 40)).toEqual(Array.from({ length: 40 }, () => 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(128 * 1024);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(large.length);
  });

  it('does not take long for many empty frames in a chunk', async () => {
    const empty = zstdFrame('');
    const many = Buffer.concat(Array.from({ length: 50_000 }, () => empty));
    expect(await outcome(new ChunkedSource(many))).toEqual({ content: Buffer.alloc(0), code: null });
  });
});

describe('a broken zstd', () => {
  it('throws when it ends within a frame; ending between frames makes it shorter', async () => {
    const parts = ['first\n', '', 'third, which continues for some time\n'];
    const frames = parts.map((part) => zstdFrame(part));
    const whole = Buffer.concat(frames);
    const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
    for (let size = 1; size < whole.length; size++) {
      const { content: got, code } = await outcome(new ChunkedSource(whole.subarray(0, size), [size >> 1]));
      const complete = ends.indexOf(size);
      expect({ size, code }).toEqual({ size, code: complete < 0 ? 'OBJECT_ZSTD_TRUNCATED' : null });
      if (complete >= 0) expect(got.toString()).toBe(parts.slice(0, complete + 1).join(''));
    }
  });

  it('never yields changed content without an error when a byte is changed', async () => {
    const codes = new Map<ErrorCode | null, number>();
    for (const at of compressed.keys()) {
      for (const mask of [0x01, 0x10, 0x80, 0xff]) {
        const changed = Buffer.from(compressed);
        changed[at] = (changed[at] ?? 0) ^ mask;
        const { content: got, code } = await outcome(new ChunkedSource(changed, [at]));
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code === null) expect({ at, mask, got: got.toString() }).toEqual({ at, mask, got: compressedText });
      }
    }
    expect(codes.get('OBJECT_ZSTD_CORRUPT')).toBeGreaterThan(400);
  });

  it.each<[name: string, bytes: Buffer, code: ErrorCode]>([
    [
      'text after its last frame',
      Buffer.concat([zstdFrame('a\n'), Buffer.from('more lines\n')]),
      'OBJECT_ZSTD_CORRUPT',
    ],
    ['zero bytes after its last frame', Buffer.concat([zstdFrame('a\n'), Buffer.alloc(64)]), 'OBJECT_ZSTD_CORRUPT'],
    ['a dictionary', Buffer.from('28b52ffd0158070100000000000000000000', 'hex'), 'OBJECT_ZSTD_CORRUPT'],
    ['half a skippable frame', skippableFrame(Buffer.alloc(100)).subarray(0, 50), 'OBJECT_ZSTD_TRUNCATED'],
  ])('is refused with %s', async (_, bytes, code) => {
    for (const cuts of [[], eachByte(bytes)]) expect((await outcome(new ChunkedSource(bytes, cuts))).code).toBe(code);
  });
});

describe('a hostile zstd', () => {
  it('is refused when it asks for more than 8 MiB of memory, before any is given', async () => {
    const singleSegment = zstdFrame('a\n', { windowLog: null });
    singleSegment.writeUInt32LE(8 * 2 ** 20 + 1, 5);
    for (const bytes of [zstdFrame('a\n', { windowLog: 24 }), zstdFrame('a\n', { windowLog: 41 }), singleSegment]) {
      const second = Buffer.concat([zstdFrame('first\n'), bytes]);
      expect(await outcome(new ChunkedSource(second, eachByte(second)))).toEqual({
        content: Buffer.from('first\n'),
        code: 'OBJECT_ZSTD_WINDOW',
      });
    }
  });

  it('is stopped soon after 16 MiB when it is a bomb, and read when the ratio allows it', async () => {
    const { content: got, code } = await outcome(new ChunkedSource(zstdBomb(100)));
    expect(code).toBe('OBJECT_ZSTD_RATIO');
    expect(got.length).toBeLessThanOrEqual(16 * 2 ** 20);
    expect(await outcome(new ChunkedSource(zstdBomb(20)), 40_000)).toMatchObject({ code: null });
  });
});

describe('the consumer of a zstd', () => {
  it('may stop anywhere, and gets errors of the source unchanged', async () => {
    const source = new ChunkedSource(zstdFrame(Buffer.alloc(500_000)), [300_000]);
    for await (const piece of unzstd(source, { maxRatio: 250 })) if (piece.length > 0) break;
    expect(source.closed).toBe(true);
    const reset = new Error('connection reset');
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(compressed.subarray(0, 20));
      throw reset;
    };
    const read = async (): Promise<void> => {
      for await (const piece of unzstd(failing(), { maxRatio: 250 })) expect(piece.length).toBe(0);
    };
    await expect(read()).rejects.toBe(reset);
  });
});
