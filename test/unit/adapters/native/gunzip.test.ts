import zlib, { constants, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip } from '../../../../src/adapters/native/gunzip';
import type { ErrorCode } from '../../../../src/errors';
import { isTelltaleError } from '../../../../src/errors';
import { ChunkedSource, eachByte } from '../../../support/chunked';

const limits = { maxRatio: 250 };

interface Outcome {
  readonly content: Buffer;
  readonly code: ErrorCode | null;
}

async function outcome(source: ChunkedSource, { maxRatio } = limits): Promise<Outcome> {
  const pieces: Buffer[] = [];
  let code: ErrorCode | null = null;
  try {
    for await (const piece of gunzip(source, { maxRatio })) pieces.push(piece);
  } catch (error) {
    if (!isTelltaleError(error)) throw error;
    code = error.code;
  }
  expect(source.closed).toBe(true);
  return { content: Buffer.concat(pieces), code };
}

const lines = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i} of ${i * 7919}\n`).join(''));
const content = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const level = fc.constantFrom(constants.Z_NO_COMPRESSION, constants.Z_BEST_SPEED, constants.Z_BEST_COMPRESSION);
const member = fc.record({ content, level });
const members = fc.array(member, { minLength: 1, maxLength: 5 });
const cuts = fc.array(fc.nat(), { maxLength: 30 });

/** A member with all optional header fields: FEXTRA, FNAME, FCOMMENT (RFC 1952, 2.3.1). */
function withFullHeader(gzip: Buffer): Buffer {
  const extra = Buffer.from([4, 0, 0x54, 0x74, 0, 0]);
  const [fixed, rest] = [Buffer.from(gzip.subarray(0, 10)), gzip.subarray(10)];
  fixed[3] = 0x04 | 0x08 | 0x10;
  return Buffer.concat([fixed, extra, Buffer.from('app.log\0of web-1\0'), rest]);
}

describe('the content of a gzip', () => {
  it('is the concatenated content of its members, for any members and chunks', async () => {
    await fc.assert(
      fc.asyncProperty(members, cuts, fc.nat(600), async (all, at, padding) => {
        const gzip = all.map((each) => gzipSync(each.content, { level: each.level }));
        const source = new ChunkedSource(Buffer.concat([...gzip, Buffer.alloc(padding)]), at);
        const expected = Buffer.concat(all.map((each) => each.content));
        expect(await outcome(source)).toEqual({ content: expected, code: null });
      }),
    );
  });

  it.each<[name: string, gzip: Buffer]>([
    ['a file larger than zlib’s buffer', gzipSync(lines)],
    [
      'a member for each of its lines',
      Buffer.concat(
        lines
          .toString()
          .split(/(?<=\n)/)
          .slice(0, 500)
          .map((line) => gzipSync(line)),
      ),
    ],
    ['a header with name, comment and more', withFullHeader(gzipSync(lines))],
    ['no content', gzipSync('')],
    ['members without content', Buffer.concat([gzipSync(''), gzipSync('a\n'), gzipSync('')])],
  ])('is whole for %s, in pieces of at most 256 KiB', async (_name, gzip) => {
    const pieces: Buffer[] = [];
    for await (const piece of gunzip(new ChunkedSource(gzip, eachByte(gzip.subarray(0, 5000))), limits))
      pieces.push(piece);
    const whole = Buffer.concat(pieces);
    expect(lines.subarray(0, whole.length).equals(whole) || whole.toString() === 'a\n').toBe(true);
    expect(Math.max(0, ...pieces.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024);
  });
});

describe('a broken gzip', () => {
  it('throws when it ends within a member; ending between members makes it shorter', async () => {
    const parts = ['first\n', 'second\n', '', 'third, which continues for some time\n'];
    const gzips = parts.map((part) => gzipSync(part));
    const whole = Buffer.concat(gzips);
    const ends = gzips.map((_, i) => Buffer.concat(gzips.slice(0, i + 1)).length);
    for (let size = 0; size < whole.length; size++) {
      const { content: got, code } = await outcome(new ChunkedSource(whole.subarray(0, size), [size >> 1]));
      const complete = ends.indexOf(size);
      expect({ size, code }).toEqual({ size, code: complete < 0 ? 'OBJECT_GZIP_TRUNCATED' : null });
      if (complete >= 0) expect(got.toString()).toBe(parts.slice(0, complete + 1).join(''));
    }
  });

  it('never yields changed content without an error when a byte is changed', async () => {
    const texts = ['first line\n', 'and the second one\n'];
    const gzip = Buffer.concat([...texts.map((text) => gzipSync(text)), Buffer.alloc(3)]);
    const codes = new Map<ErrorCode | null, number>();
    for (const at of gzip.keys()) {
      for (const mask of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]) {
        const changed = Buffer.from(gzip);
        changed[at] = (changed[at] ?? 0) ^ mask;
        const { content: got, code } = await outcome(new ChunkedSource(changed, [at, at + 1]));
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code === null) expect({ at, mask, got: got.toString() }).toEqual({ at, mask, got: texts.join('') });
      }
    }
    // Some bits have no meaning: the header's time and operating system, and those after the last block.
    expect(codes.get(null)).toBeGreaterThan(0);
    expect(codes.get('OBJECT_GZIP_CORRUPT')).toBeGreaterThan(codes.get(null) ?? 0);
  });

  it.each<[name: string, behind: Buffer, code: ErrorCode | null]>([
    ['zero bytes', Buffer.alloc(5000), null],
    ['text', Buffer.from('more lines\n'), 'OBJECT_GZIP_CORRUPT'],
    ['zero bytes, then text', Buffer.from('\0\0\0more'), 'OBJECT_GZIP_CORRUPT'],
    ['zero bytes, then a member', Buffer.concat([Buffer.alloc(512), gzipSync('more\n')]), 'OBJECT_GZIP_CORRUPT'],
    ['a byte, which might begin a member', Buffer.from('\n'), 'OBJECT_GZIP_TRUNCATED'],
    ['half a header', gzipSync('more\n').subarray(0, 5), 'OBJECT_GZIP_TRUNCATED'],
  ])('handles %s after its end', async (_name, behind, code) => {
    const gzip = gzipSync('line\n');
    const whole = Buffer.concat([gzip, behind]);
    for (const at of [[], [gzip.length], [gzip.length + 1], [gzip.length + 2, gzip.length + 3], eachByte(whole)]) {
      const { content: got, code: found } = await outcome(new ChunkedSource(whole, at));
      expect({ at, code: found }).toEqual({ at, code });
      if (code === null) expect(got.toString()).toBe('line\n');
    }
  });
});

describe('a bomb', () => {
  const zeros = (mebibytes: number): Buffer => gzipSync(Buffer.alloc(mebibytes * 2 ** 20));

  it('is stopped soon after 16 MiB, for any chunks', async () => {
    const bomb = zeros(100);
    for (const at of [[], eachByte(bomb).filter((i) => i % 1000 === 0)]) {
      const { content: got, code } = await outcome(new ChunkedSource(bomb, at));
      expect(code).toBe('OBJECT_GZIP_RATIO');
      expect(got.length).toBeGreaterThan(15 * 2 ** 20);
      expect(got.length).toBeLessThanOrEqual(16 * 2 ** 20);
    }
  });

  it('accepts any ratio below 16 MiB, and any size within maxRatio', async () => {
    expect((await outcome(new ChunkedSource(zeros(16)))).code).toBe(null);
    expect((await outcome(new ChunkedSource(zeros(20)), { maxRatio: 1100 })).code).toBe(null);
    expect((await outcome(new ChunkedSource(zeros(20)), { maxRatio: 900 })).code).toBe('OBJECT_GZIP_RATIO');
  });
});

describe('the consumer', () => {
  const text = Buffer.concat(Array.from({ length: 40 }, () => lines));
  const gzip = gzipSync(text, { level: 1 });
  const chunkBytes = 64 * 1024;
  const at = Array.from({ length: Math.floor(gzip.length / chunkBytes) }, (_, i) => (i + 1) * chunkBytes);

  it('causes no read-ahead while it takes no more, and may stop anywhere', async () => {
    const source = new ChunkedSource(gzip, at);
    for await (const piece of gunzip(source, limits)) {
      expect(piece.length).toBeGreaterThan(0);
      // Any read-ahead would have been inflated by now.
      await new Promise((resolve) => setImmediate(resolve));
      expect(source.givenBytes).toBe(chunkBytes);
      break;
    }
    expect(source.closed).toBe(true);
    expect(source.givenBytes).toBe(chunkBytes);
  });

  it('sees progress when there is no content: empty members, padding', async () => {
    const empty = gzipSync('');
    const bytes = Buffer.concat([gzipSync('x'), ...Array.from({ length: 50 }, () => empty), Buffer.alloc(50)]);
    const source = new ChunkedSource(
      bytes,
      eachByte(bytes).filter((at) => at % 10 === 0),
    );
    let given = 0;
    for await (const piece of gunzip(source, limits)) {
      expect(source.givenBytes - given).toBeLessThanOrEqual(20);
      given = source.givenBytes;
      expect(piece.length).toBeLessThanOrEqual(1);
    }
    expect(given).toBe(bytes.length);
  });

  it('leaves no zlib handle open after the end, an error or an early stop', async () => {
    const destroy = jest.spyOn(zlib.Gunzip.prototype, '_destroy');
    for (const bytes of [gzip, gzip.subarray(0, 1000), Buffer.concat([gzip, Buffer.from('xyz')])]) {
      await outcome(new ChunkedSource(bytes));
      for await (const piece of gunzip(new ChunkedSource(bytes), limits)) if (piece.length > 0) break;
    }
    expect(new Set(destroy.mock.contexts).size).toBe(6);
    destroy.mockRestore();
  });

  it("gets the source's error unchanged", async () => {
    const reset = new Error('connection reset');
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(gzip.subarray(0, chunkBytes));
      throw reset;
    };
    const read = async (): Promise<number> => {
      let bytes = 0;
      for await (const piece of gunzip(failing(), limits)) bytes += piece.length;
      return bytes;
    };
    await expect(read()).rejects.toBe(reset);
  });
});
