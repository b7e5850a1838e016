/**
 * CRC of a concatenation from the CRCs of its parts, without the bytes.
 *
 * A CRC is linear: appending n bytes to A multiplies A's remainder by x^(8n) modulo the CRC's polynomial, and B's CRC is
 * added (exclusive or). This holds for every CRC whose initial value and final exclusive or are all ones, as the three
 * here. The arithmetic follows zlib's `crc32_combine` (multmodp and x2nmodp) on reflected polynomials, where the highest
 * bit stands for x^0.
 */

/** A CRC by its width in bits and its polynomial, reflected. */
interface Field {
  readonly one: bigint;
  readonly polynomial: bigint;
  /** x^(2^k) modulo the polynomial, by k; computed when first needed. */
  readonly squares: bigint[];
}

/** The checksums that S3 keeps of whole objects and that can be combined. */
export type CrcAlgorithm = 'CRC64NVME' | 'CRC32C' | 'CRC32';

const fields: Readonly<Record<CrcAlgorithm, Field>> = {
  /** NVM Express NVM Command Set Specification 1.0d, 5.2.1.3.4. */
  CRC64NVME: field(64, 0x9a6c9329ac4bc9b5n),
  /** RFC 3720, appendix B.4 (Castagnoli). */
  CRC32C: field(32, 0x82f63b78n),
  /** ISO/IEC 13239 (zlib, Ethernet). */
  CRC32: field(32, 0xedb88320n),
};

/**
 * The CRC of A followed by B.
 * @param lengthB length of B in bytes, below 2^53
 */
export function combineCrc(algorithm: CrcAlgorithm, a: bigint, b: bigint, lengthB: number): bigint {
  return combine(fields[algorithm], a, b, lengthB);
}

/** A CRC as S3 writes it in hexadecimal: 16 digits for CRC64NVME, 8 for the others. */
export function formatCrc(algorithm: CrcAlgorithm, crc: bigint): string {
  return crc.toString(16).padStart(algorithm === 'CRC64NVME' ? 16 : 8, '0');
}

export function parseCrc(text: string): bigint {
  return BigInt(`0x${text}`);
}

function field(width: number, polynomial: bigint): Field {
  const one = 1n << BigInt(width - 1);
  return { one, polynomial, squares: [one >> 1n] };
}

function combine(f: Field, a: bigint, b: bigint, lengthB: number): bigint {
  let shifted = a;
  // Bit i of the length stands for 2^i bytes, which is x to the power 2^(i + 3).
  for (let k = 3, rest = lengthB; rest > 0; k += 1, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shifted = multiply(f, square(f, k), shifted);
  }
  return shifted ^ b;
}

function square(f: Field, k: number): bigint {
  const known = f.squares[k];
  if (known !== undefined) return known;
  const root = square(f, k - 1);
  const value = multiply(f, root, root);
  f.squares[k] = value;
  return value;
}

/** a · b modulo the polynomial. */
function multiply(f: Field, a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let bit = f.one; bit > 0n; bit >>= 1n) {
    if ((a & bit) !== 0n) product ^= factor;
    factor = (factor & 1n) === 0n ? factor >> 1n : (factor >> 1n) ^ f.polynomial;
  }
  return product;
}
