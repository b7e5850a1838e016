import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { peek, sniff, SNIFF_BYTES, type SniffedEncoding } from '../../../src/lines/encoding';

/** @param lowest place of the lowest of the four bytes of a character */
function utf32(text: string, lowest: 0 | 3): Buffer {
  const bytes = Buffer.alloc(4 * text.length);
  for (let i = 0; i < text.length; i++) {
    if (lowest === 0) bytes.writeUInt32LE(text.charCodeAt(i), 4 * i);
    else bytes.writeUInt32BE(text.charCodeAt(i), 4 * i);
  }
  return bytes;
}

describe('the encoding of an object', () => {
  const line = '10:00:01.000 [main] INFO  app.Main - started\n';
  const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  /** A header; its checksum is that much too high. */
  const tar = (magic: string, wrong = 0): Buffer => {
    const header = Buffer.alloc(512);
    header.write('logs/app.log');
    header.write('0000644\0', 100);
    header.write(magic, 257, 'latin1');
    header.write('        ', 148);
    const sum = header.reduce((all, byte) => all + byte, wrong);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return header;
  };
  /** Text that compresses to more than the head. */
  const words = Array.from({ length: 60 }, (_, i) => createHash('md5').update(`${i}`).digest('hex')).join(' ');
  const bigEndian = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

  it.each<[name: string, head: Buffer, encoding: SniffedEncoding]>([
    ['nothing', Buffer.alloc(0), 'plain'],
    ['a line', Buffer.from(line), 'plain'],
    ['a UTF-8 BOM', Buffer.from(`\uFEFF${line}`), 'plain'],
    ['a gzip', gzipSync(line), 'gzip'],
    ['no more than the magic bytes of a gzip', Buffer.from([0x1f, 0x8b, 0x08]), 'gzip'],
    ['fewer than the magic bytes of a gzip', Buffer.from([0x1f, 0x8b]), 'plain'],
    ['another compression method than deflate', Buffer.from([0x1f, 0x8b, 0x07, 0]), 'plain'],
    ['a BOM of UTF-16, little endian', Buffer.from(`\uFEFF${line}`, 'utf16le'), 'utf-16'],
    ['a BOM of UTF-16, big endian', bigEndian(`\uFEFF${line}`), 'utf-16'],
    ['a BOM of UTF-32, little endian', utf32(`\uFEFF${line}`, 0), 'utf-32'],
    ['a BOM of UTF-32, big endian', utf32(`\uFEFF${line}`, 3), 'utf-32'],
    ['UTF-32 without BOM, little endian', utf32(line, 0), 'utf-32'],
    ['UTF-32 without BOM, big endian', utf32(line, 3), 'utf-32'],
    ['nothing but a BOM of UTF-16', Buffer.from([0xff, 0xfe]), 'utf-16'],
    ['half a BOM of UTF-16', Buffer.from([0xff]), 'plain'],
    ['UTF-16 without BOM, little endian', Buffer.from(line, 'utf16le'), 'utf-16'],
    ['UTF-16 without BOM, big endian', bigEndian(line), 'utf-16'],
    ['16 bytes of UTF-16', Buffer.from('8 digits', 'utf16le'), 'utf-16'],
    ['17 bytes of UTF-16', Buffer.from('9 letters', 'utf16le').subarray(0, 17), 'utf-16'],
    ['15 bytes of UTF-16', Buffer.from('8 digits', 'utf16le').subarray(0, 15), 'plain'],
    ['UTF-16 with one letter in place of a NUL', Buffer.from('a\0b\0c\0d\0e\0f\0g\0hi'), 'plain'],
    ['UTF-16 with one NUL in place of a letter', Buffer.from('a\0b\0c\0d\0e\0f\0g\0\0\0'), 'plain'],
    ['a line with a NUL', Buffer.from(`\0${line}`), 'plain'],
    ['nothing but NULs', Buffer.alloc(SNIFF_BYTES), 'plain'],
    ['NULs in every second byte of the head alone', Buffer.from('a\0'.repeat(32) + line), 'utf-16'],
    ['a zstd', bytes('28 b5 2f fd 24 00'), 'zstd'],
    ['a skippable frame of zstd', bytes('5f 2a 4d 18 00 00 00 00'), 'zstd'],
    ['a bzip2', bytes('42 5a 68 39 31 41 59 26 53 59'), 'bzip2'],
    ['an empty bzip2', bytes('42 5a 68 31 17 72 45 38 50 90 00 00'), 'bzip2'],
    ['a line that begins as a bzip2 does', Buffer.from('BZh91AY is the name'), 'plain'],
    ['an xz', bytes('fd 37 7a 58 5a 00 00 04'), 'xz'],
    ['an lzma of unknown size', bytes('5d 00 00 80 00 ff ff ff ff ff ff ff ff 00'), 'lzma'],
    ['an lzma of known size', bytes('5d 00 00 80 00 00 01 00 00 00 00 00 00 00'), 'lzma'],
    ['a bracket before NULs', bytes('5d 00 00 00 00 00 00 00 00 00 00 00 00 00'), 'plain'],
    ['a bracket, two NULs and a line', Buffer.from(`]\0\0${line}`), 'plain'],
    ['an lzip', Buffer.from('LZIP\x01\x0c'), 'lzip'],
    ['an lzop', bytes('89 4c 5a 4f 00 0d 0a 1a 0a'), 'lzop'],
    ['an lz4', bytes('04 22 4d 18 64 40'), 'lz4'],
    ['a legacy lz4', bytes('02 21 4c 18 00'), 'lz4'],
    ['framed snappy', bytes('ff 06 00 00 73 4e 61 50 70 59 01'), 'snappy'],
    ['a .Z', bytes('1f 9d 90 00'), 'compress'],
    ['a zip', Buffer.from('PK\x03\x04\x14'), 'zip'],
    ['an empty zip', Buffer.from('PK\x05\x06\0\0'), 'zip'],
    ['a line that begins with PK', Buffer.from('PK 34 was added'), 'plain'],
    ['a 7z', bytes('37 7a bc af 27 1c 00 04'), '7z'],
    ['a rar', Buffer.from('Rar!\x1a\x07\x01\0'), 'rar'],
    ['a tar of POSIX', tar('ustar\x0000'), 'tar'],
    ['a tar of GNU', tar('ustar  \0'), 'tar'],
    ['a tar from before POSIX', tar(''), 'tar'],
    ['a tar with a wrong checksum and no magic', tar('', 1), 'plain'],
    ['a line with the word ustar', Buffer.from(`${'x'.repeat(257)}ustar 0`), 'plain'],
    ['a Parquet file', Buffer.from('PAR1\x15\x04'), 'parquet'],
    ['a journal', Buffer.from('LPKSHHRH\0\0'), 'journal'],
    ['an event log of Windows', Buffer.from('ElfFile\0\0'), 'evtx'],
    ['a zlib', deflateSync(line.repeat(9)), 'zlib'],
    ['a zlib, compressed best', deflateSync(line.repeat(9), { level: 9 }), 'zlib'],
    ['a line that begins with x^', Buffer.from(`x^2 ${line}`), 'plain'],
    ['a database of SQLite', Buffer.from('SQLite format 3\0\x10\0'), 'sqlite'],
    ['an executable', bytes('7f 45 4c 46 02 01 01 00'), 'executable'],
    ['a JPEG', bytes('ff d8 ff e0 00 10 4a 46'), 'image'],
    ['a PNG', bytes('89 50 4e 47 0d 0a 1a 0a 00'), 'image'],
    ['a PDF', Buffer.from('%PDF-1.7\n'), 'pdf'],
    ['an Avro file', Buffer.from('Obj\x01\x04'), 'avro'],
    ['a brotli', brotliCompressSync(words), 'binary'],
    ['a raw deflate', deflateRawSync(words), 'binary'],
    ['a log with bytes of its own', Buffer.concat([Buffer.from(line), deflateRawSync(words)]), 'plain'],
    ['a log that begins with such bytes', Buffer.concat([deflateRawSync(words), Buffer.from(`\n${line}`)]), 'plain'],
    ['FIX messages', Buffer.from('8=FIX.4.2\x019=12\x0135=A\x0110=003\x01'.repeat(9)), 'plain'],
    ['Latin-1', Buffer.from(`${line.repeat(9)} M\xe4rz`, 'latin1'), 'plain'],
    ['Shift JIS', bytes('8f 64 91 e5 3a 20 8e b8 94 73 0a'.repeat(9)), 'plain'],
    ['colors and bells', Buffer.from(`\u001b[31m\u0007\b\u000e\u000f${line}`.repeat(9)), 'plain'],
    ['lines that end with CR', Buffer.from(line.repeat(9).replaceAll('\n', '\r')), 'line-ends'],
    ['lines that end with NEL', Buffer.from(line.repeat(9).replaceAll('\n', '\u0085')), 'line-ends'],
    ['lines that end with U+2028', Buffer.from(line.repeat(9).replaceAll('\n', '\u2028')), 'line-ends'],
    ['lines that end with CR and LF', Buffer.from(line.repeat(9).replaceAll('\n', '\r\n')), 'plain'],
    ['a line without end', Buffer.from(line.trimEnd()), 'plain'],
    ['a line and CR', Buffer.from(`${line.trimEnd()}\r`), 'plain'],
    ['a bar of progress', Buffer.from('10% of 300 MB done\r20% of 300 MB done\r30% of 300 MB done\r'), 'plain'],
  ])('of %s', (_name, head, encoding) => {
    expect(sniff(head)).toBe(encoding);
  });

  it('does not depend on more than the head', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(sniff(Buffer.from(bytes))).toBe(sniff(Buffer.from(bytes).subarray(0, SNIFF_BYTES)));
      }),
    );
  });
});

describe('peek', () => {
  /** Chunks, and how many were requested. */
  function source(...chunks: Buffer[]): AsyncIterable<Buffer> & { given: number; closed: boolean } {
    return {
      given: 0,
      closed: false,
      async *[Symbol.asyncIterator]() {
        try {
          for (const chunk of chunks) {
            this.given++;
            yield await Promise.resolve(chunk);
          }
        } finally {
          this.closed = true;
        }
      },
    };
  }

  async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
    const collected: Buffer[] = [];
    for await (const chunk of chunks) collected.push(chunk);
    return collected;
  }

  it('loses nothing for any chunks, and copies none', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)));
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat(20), async (chunks, bytes) => {
        const from = source(...chunks);
        const peeked = await peek(from, bytes);
        expect(peeked.head).toEqual(Buffer.concat(chunks).subarray(0, bytes));
        const collected = await collect(peeked.chunks);
        expect(collected.length).toBe(chunks.length);
        expect(collected.every((chunk, i) => chunk === chunks[i])).toBe(true);
        expect(from.closed).toBe(true);
      }),
    );
  });

  it('requests only the chunks it needs', async () => {
    const from = source(Buffer.from('abc'), Buffer.from('def'), Buffer.from('ghi'));
    expect((await peek(from, 4)).head.toString()).toBe('abcd');
    expect(from.given).toBe(2);
  });

  it('closes the source when its consumer stops early', async () => {
    const from = source(Buffer.from('abc'), Buffer.from('def'));
    const { chunks } = await peek(from, 2);
    for await (const chunk of chunks) {
      expect(chunk.toString()).toBe('abc');
      break;
    }
    expect(from.closed).toBe(true);
  });

  it('closes the source by `return` without iteration, and yields nothing afterwards', async () => {
    const from = source(Buffer.from('abc'), Buffer.from('def'));
    const { chunks } = await peek(from, 2);
    await chunks.return();
    expect(from.closed).toBe(true);
    expect(await collect(chunks)).toEqual([]);
  });

  it("passes on the source's error, at once or later", async () => {
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('abc'));
      throw new Error('connection reset');
    };
    await expect(peek(failing(), 4)).rejects.toThrow('connection reset');
    const { head, chunks } = await peek(failing(), 3);
    expect(head.toString()).toBe('abc');
    await expect(collect(chunks)).rejects.toThrow('connection reset');
  });
});
