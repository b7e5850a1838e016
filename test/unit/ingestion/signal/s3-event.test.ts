import fc from 'fast-check';
import { signalsOf } from '../../../../src/ingestion/signal/s3-event';
import { s3Event, s3Record, s3TestEvent } from '../../../support/s3-events';

describe('signals of an S3 event', () => {
  it('are one for each created object, with version and sequencer', () => {
    expect(signalsOf(s3Event('logs/host-1/a.log', 'logs/host-2/b.log'))).toEqual({
      signals: [
        {
          v: 1,
          bucket: 'amzn-s3-demo-bucket',
          key: 'logs/host-1/a.log',
          versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
          sequencer: '0055AED6DCD90281E5',
        },
        {
          v: 1,
          bucket: 'amzn-s3-demo-bucket',
          key: 'logs/host-2/b.log',
          versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
          sequencer: '0055AED6DCD90281E5',
        },
      ],
      ignored: [],
    });
  });

  test.each([
    ['Happy%20Face.jpg', 'Happy Face.jpg'],
    ['red+flower.jpg', 'red flower.jpg'],
    ['a%2Bb.log', 'a+b.log'],
    ['logs/wirt-%C3%A4/a.log', 'logs/wirt-ä/a.log'],
    ['logs/host/%22%24%28reboot%29%60.log', 'logs/host/"$(reboot)`.log'],
    ['a%0Ab', 'a\nb'],
  ])('have the key of %j decoded', (encoded, key) => {
    expect(signalsOf(s3Event(encoded)).signals).toMatchObject([{ key }]);
  });

  it.each(['Put', 'Post', 'Copy', 'CompleteMultipartUpload'])('come from ObjectCreated:%s', (how) => {
    const event = { Records: [s3Record('a.log', { eventName: `ObjectCreated:${how}` })] };
    expect(signalsOf(event).signals).toHaveLength(1);
  });

  it('omit the version on an unversioned bucket, and a sequencer that is not hexadecimal', () => {
    // "Happy Sequencer" is from AWS's sample event for Lambda.
    const record = s3Record('a.log', { object: { versionId: undefined, sequencer: 'Happy Sequencer' } });
    expect(signalsOf({ Records: [record] }).signals).toEqual([{ v: 1, bucket: 'amzn-s3-demo-bucket', key: 'a.log' }]);
  });

  it('ignore the test event that S3 sends when notifications are enabled', () => {
    expect(signalsOf(s3TestEvent)).toEqual({ signals: [], ignored: [{ reason: 'a test event of S3' }] });
  });

  test.each<[string, unknown, string]>([
    ['a deletion', s3Record('a.log', { eventName: 'ObjectRemoved:Delete' }), 'a record of "ObjectRemoved:Delete"'],
    ['null', null, 'a record without eventName'],
    ['text', 'ObjectCreated:Put', 'a record without eventName'],
    ['only a name', { eventName: 'ObjectCreated:Put' }, 'a record without a valid bucket name'],
    ['an impossible bucket name', s3Record('a.log', { bucket: 'a b' }), 'a record without a valid bucket name'],
    ['a key that cannot be decoded', s3Record('%E4.log'), 'a record without a valid object key'],
    ['an empty key', s3Record(''), 'a record without a valid object key'],
    ['a key of more than 1,024 bytes', s3Record('a'.repeat(1025)), 'a record without a valid object key'],
  ])('skip a record of %s, and keep the others', (_, record, reason) => {
    const { signals, ignored } = signalsOf({ Records: [record, s3Record('good.log')] });
    expect(signals).toMatchObject([{ key: 'good.log' }]);
    expect(ignored).toEqual([{ reason }]);
  });

  it('never throw for any event', () => {
    const records = fc.array(fc.oneof(fc.anything(), fc.constant(s3Record('a.log'))));
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ Records: records })), (event) => {
        expect(() => signalsOf(event)).not.toThrow();
      }),
    );
  });
});
