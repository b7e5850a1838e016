import { gzipSync } from 'node:zlib';
import { decompress } from '../../../../src/adapters/native/decompress';
import { isTelltaleError } from '../../../../src/errors';
import type { Compression } from '../../../../src/lines/encoding';
import { ChunkedSource, eachByte } from '../../../support/chunked';
import { skippableFrame, zstdBomb, zstdFrame } from '../../../support/zstd';

const text = '2026-11-29 10:00:00 ERROR a - failed\n'.repeat(40);

async function outcome(source: ChunkedSource, outermost: Compression): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of decompress(source, outermost, { maxRatio: 250 })) pieces.push(piece);
  } catch (error) {
    if (!isTelltaleError(error)) throw error;
    expect(source.closed).toBe(true);
    return `${error.code}${error.reason === null ? '' : ` ${error.reason}`}`;
  }
  expect(source.closed).toBe(true);
  return Buffer.concat(pieces).toString();
}

/** A header of a tar from before POSIX: a name, and the checksum. */
function oldTar(): Buffer {
  const header = Buffer.alloc(512);
  header.write('app.log');
  header.write('        ', 148);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.from(text)]);
}

describe('decompress', () => {
  it.each<[name: string, bytes: Buffer, outermost: Compression]>([
    ['a gzip', gzipSync(text), 'gzip'],
    ['a gzip in a gzip', gzipSync(gzipSync(text)), 'gzip'],
    ['a gzip in a gzip in a gzip', gzipSync(gzipSync(gzipSync(text))), 'gzip'],
    ['a zstd', zstdFrame(text), 'zstd'],
    ['a zstd after a skippable frame', Buffer.concat([skippableFrame(Buffer.alloc(9)), zstdFrame(text)]), 'zstd'],
    ['a zstd in a gzip', gzipSync(zstdFrame(text)), 'gzip'],
    ['a gzip in a zstd', zstdFrame(gzipSync(text)), 'zstd'],
    ['a gzip of gzips, one appended to the other', gzipSync(Buffer.concat([gzipSync(text), gzipSync('')])), 'gzip'],
  ])('yields the text of %s', async (_, bytes, outermost) => {
    for (const cuts of [[], eachByte(bytes)]) {
      expect(await outcome(new ChunkedSource(bytes, cuts), outermost)).toBe(text);
    }
  });

  it('yields nothing when there is no content', async () => {
    expect(await outcome(new ChunkedSource(gzipSync('')), 'gzip')).toBe('');
    expect(await outcome(new ChunkedSource(gzipSync(gzipSync(''))), 'gzip')).toBe('');
  });

  it.each<[name: string, bytes: Buffer, outermost: Compression, error: string]>([
    ['UTF-16', gzipSync(Buffer.from(text, 'utf16le')), 'gzip', 'OBJECT_ENCODING utf-16'],
    ['a tar', gzipSync(oldTar()), 'gzip', 'OBJECT_ENCODING tar'],
    ['a zip', zstdFrame('PK\x03\x04 and more'), 'zstd', 'OBJECT_ENCODING zip'],
    ['a zip in a gzip', gzipSync(gzipSync('PK\x03\x04 and more')), 'gzip', 'OBJECT_ENCODING zip'],
    ['more than three layers', gzipSync(gzipSync(gzipSync(gzipSync(text)))), 'gzip', 'OBJECT_ENCODING nested'],
    ['half a gzip', gzipSync(gzipSync(text).subarray(0, 50)), 'gzip', 'OBJECT_GZIP_TRUNCATED'],
    ['half a zstd', gzipSync(zstdFrame(text).subarray(0, 50)), 'gzip', 'OBJECT_ZSTD_TRUNCATED'],
  ])('refuses content that is %s', async (_, bytes, outermost, error) => {
    for (const cuts of [[], eachByte(bytes)]) {
      expect(await outcome(new ChunkedSource(bytes, cuts), outermost)).toBe(error);
    }
  });

  it('applies the ratio to all layers together', async () => {
    // Each layer by itself holds less than 250 times its bytes.
    const block = Buffer.alloc(100 * 1024, 'a');
    for (let i = 0; i < 1_000; i++) block[i] = 0x20 + (((i * i * 7919) >> 7) & 63);
    const inner = gzipSync(Buffer.alloc(20 * 2 ** 20, block));
    const outer = gzipSync(inner);
    expect(20 * 2 ** 20).toBeLessThan(250 * inner.length);
    expect(20 * 2 ** 20).toBeGreaterThan(250 * outer.length);
    expect(await outcome(new ChunkedSource(outer), 'gzip')).toBe('OBJECT_GZIP_RATIO');
    expect(await outcome(new ChunkedSource(gzipSync(zstdBomb(20))), 'gzip')).toBe('OBJECT_ZSTD_RATIO');
  });

  it('lets a consumer see progress while no content comes', async () => {
    const bytes = gzipSync(Buffer.concat(Array.from({ length: 100 }, () => gzipSync(''))));
    const source = new ChunkedSource(bytes, eachByte(bytes));
    let given = 0;
    for await (const piece of decompress(source, 'gzip', { maxRatio: 250 })) {
      expect(piece.length).toBe(0);
      expect(source.givenBytes - given).toBeLessThanOrEqual(2);
      given = source.givenBytes;
    }
    expect(given).toBe(bytes.length);
  });

  it('closes the source when its consumer stops early', async () => {
    const source = new ChunkedSource(gzipSync(gzipSync(text)), [5, 10, 20]);
    for await (const piece of decompress(source, 'gzip', { maxRatio: 250 })) {
      expect(piece.length).toBe(0);
      break;
    }
    expect(source.closed).toBe(true);
  });
});
