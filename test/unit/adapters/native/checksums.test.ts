import { gzipSync } from 'node:zlib';
import { crc32, crc32c, loadCrc64Nvme, openCrc64NvmeStream } from '../../../../src/adapters/native/checksums';

const checkInput = Buffer.from('123456789');

describe('CRC32', () => {
  // The catalog's check value (CRC-32/ISO-HDLC), and the checksum at the end of a gzip (RFC 1952).
  it.each([
    ['123456789', checkInput, 0xcbf43926],
    ['nothing', Buffer.alloc(0), 0],
    ['a gzip’s content', Buffer.from('line\n'), gzipSync('line\n').readUInt32LE(gzipSync('line\n').length - 8)],
  ])('has the published value for %s', (_name, bytes, expected) => {
    expect(crc32(bytes)).toBe(expected);
  });
});

describe('CRC32C', () => {
  // RFC 3720, appendix B.4, and the catalog's check value.
  it.each([
    ['123456789', checkInput, 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
    ['32 zero bytes', Buffer.alloc(32, 0), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ])('has the published value for %s', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

describe('CRC64NVME', () => {
  // NVM Command Set Specification 1.0d, figure "64b CRC test cases", and the catalog's check value.
  it.each([
    ['123456789', checkInput, 0xae8b14860a799888n],
    ['nothing', Buffer.alloc(0), 0n],
    ['4 KiB of zeroes', Buffer.alloc(4096, 0), 0x6482d367eb22b64en],
    ['4 KiB of ones', Buffer.alloc(4096, 0xff), 0xc0ddba7302eca3acn],
  ])('has the published value for %s', async (_name, bytes, expected) => {
    const crc64 = await loadCrc64Nvme();
    expect(crc64(bytes)).toBe(expected);
  });

  it('keeps no state between calls', async () => {
    const crc64 = await loadCrc64Nvme();
    crc64(Buffer.from('something else'));
    expect(crc64(checkInput)).toBe(0xae8b14860a799888n);
  });

  it("does not depend on how a stream's bytes arrive, nor on other streams", async () => {
    const one = await openCrc64NvmeStream();
    const other = await openCrc64NvmeStream();
    one.update(checkInput.subarray(0, 4));
    other.update(Buffer.from('noise'));
    one.update(checkInput.subarray(4));
    expect(one.digest()).toBe(0xae8b14860a799888n);
  });
});
