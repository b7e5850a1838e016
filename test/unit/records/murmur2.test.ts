import { murmur2 } from '../../../src/records/murmur2';

describe('murmur2', () => {
  // From Kafka's own org.apache.kafka.common.utils.UtilsTest#testMurmur2.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %j as Kafka does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('hashes all bytes of a name, even those above 127', () => {
    // Two names whose bytes differ only in the highest bit.
    expect(murmur2(Buffer.from([0xff]))).not.toBe(murmur2(Buffer.from([0x7f])));
    expect(murmur2(Buffer.from([0xff, 0xfe, 0xfd, 0xfc]))).not.toBe(murmur2(Buffer.from([0x7f, 0x7e, 0x7d, 0x7c])));
  });
});
