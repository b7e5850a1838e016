/**
 * MurmurHash2 (Austin Appleby, public domain) with Kafka's seed, so that a key goes to the same partition as with any other
 * Kafka client (`org.apache.kafka.common.utils.Utils.murmur2`).
 *
 * @returns a signed 32-bit number
 */
export function murmur2(bytes: Buffer): number {
  const seed = 0x9747b28c;
  const m = 0x5bd1e995;
  const r = 24;

  let h = seed ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(bytes.readInt32LE(i), m);
    k = Math.imul(k ^ (k >>> r), m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = bytes.length - whole;
  if (rest > 0) h = Math.imul(h ^ bytes.readUIntLE(whole, rest), m);
  h = Math.imul(h ^ (h >>> 13), m);
  return (h ^ (h >>> 15)) | 0;
}
