import fc from 'fast-check';
import { arrivalsOf } from '../../../../src/ingestion/signal/s3-event';
import {
  eventBridgeEvent,
  s3Event,
  s3Record,
  s3TestEvent,
  snsEvent,
  snsMessage,
  sqsEvent,
  sqsRecords,
} from '../../../support/s3-events';

describe('arrivals of an event', () => {
  it('are one for each created object', () => {
    expect(arrivalsOf(s3Event('logs/host-1/a.log', 'logs/host-2/b.log'))).toEqual({
      arrivals: [
        { bucket: 'amzn-s3-demo-bucket', key: 'logs/host-1/a.log' },
        { bucket: 'amzn-s3-demo-bucket', key: 'logs/host-2/b.log' },
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
    expect(arrivalsOf(s3Event(encoded)).arrivals).toMatchObject([{ key }]);
  });

  it.each(['Put', 'Post', 'Copy', 'CompleteMultipartUpload'])('come from ObjectCreated:%s', (how) => {
    const event = { Records: [s3Record('a.log', { eventName: `ObjectCreated:${how}` })] };
    expect(arrivalsOf(event).arrivals).toHaveLength(1);
  });

  it('ignore the test event that S3 sends when notifications are enabled', () => {
    expect(arrivalsOf(s3TestEvent)).toEqual({ arrivals: [], ignored: [{ reason: 'a test event of S3' }] });
  });

  test.each<[string, unknown, string]>([
    ['a deletion', s3Record('a.log', { eventName: 'ObjectRemoved:Delete' }), 'a record of "ObjectRemoved:Delete"'],
    ['null', null, 'a record without eventName'],
    ['text', 'ObjectCreated:Put', 'a record without eventName'],
    ['only a name', { eventName: 'ObjectCreated:Put' }, 'a record without a valid bucket name'],
    ['an impossible bucket name', s3Record('a.log', { bucket: 'a b' }), 'a record without a valid bucket name'],
    ['a key that cannot be decoded', s3Record('%E4.log'), 'a record without a valid object key'],
    ['an empty key', s3Record(''), 'a record without a valid object key'],
    ['a folder, as consoles make it', s3Record('logs/host-1/'), 'a folder'],
    ['a key of more than 1,024 bytes', s3Record('a'.repeat(1025)), 'a record without a valid object key'],
  ])('skip a record of %s, and keep the others', (_, record, reason) => {
    const { arrivals, ignored } = arrivalsOf({ Records: [record, s3Record('good.log')] });
    expect(arrivals).toMatchObject([{ key: 'good.log' }]);
    expect(ignored).toEqual([{ reason }]);
  });

  const inner = s3Event('logs/a+b.log', 'logs/c%2Bd.log');
  const keys = ['logs/a b.log', 'logs/c+d.log'];

  test.each<[string, unknown]>([
    ['SQS', sqsEvent(inner)],
    ['SNS', snsEvent(inner)],
    ['SNS and SQS', sqsEvent(snsMessage(inner))],
  ])('are found in the wrapping of %s', (_, event) => {
    expect(arrivalsOf(event).arrivals.map(({ key }) => key)).toEqual(keys);
  });

  it('are found in events of EventBridge, whose keys are not encoded, also through SQS', () => {
    for (const event of [eventBridgeEvent('logs/a+b%20c.log'), sqsEvent(eventBridgeEvent('logs/a+b%20c.log'))]) {
      expect(arrivalsOf(event)).toEqual({
        arrivals: [{ bucket: 'amzn-s3-demo-bucket1', key: 'logs/a+b%20c.log' }],
        ignored: [],
      });
    }
  });

  it('are found in the other messages of a batch that holds poison', () => {
    const batch = { Records: [...sqsRecords('{', inner, s3TestEvent, 7), { eventSource: 'aws:sqs' }] };
    expect(arrivalsOf(batch)).toEqual({
      arrivals: keys.map((key) => ({ bucket: 'amzn-s3-demo-bucket', key })),
      ignored: [
        { reason: 'a message that is not JSON' },
        { reason: 'a test event of S3' },
        { reason: 'an event without Records' },
        { reason: 'a message that is not JSON' },
      ],
    });
  });

  test.each([
    [
      'a deletion of EventBridge',
      { ...eventBridgeEvent('a'), 'detail-type': 'Object Deleted' },
      'an event of "Object Deleted"',
    ],
    ['a wrapping in a wrapping', sqsEvent(sqsEvent(sqsEvent(sqsEvent(inner)))), 'an event that is wrapped too often'],
  ])('are not found in %s', (_, event, reason) => {
    expect(arrivalsOf(event)).toEqual({ arrivals: [], ignored: [{ reason }] });
  });

  it('never throw for any event', () => {
    const records = fc.array(fc.oneof(fc.anything(), fc.constant(s3Record('a.log'))));
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ Records: records })), (event) => {
        expect(() => arrivalsOf(event)).not.toThrow();
      }),
    );
  });
});
