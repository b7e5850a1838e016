/** S3 event notifications in the shape that AWS publishes ("Event message structure", Amazon S3 User Guide). */

/** One `ObjectCreated:Put` for each URL-encoded key. */
export function s3Event(...encodedKeys: string[]): unknown {
  return { Records: encodedKeys.map((key) => s3Record(key)) };
}

export function s3Record(
  encodedKey: string,
  change: { eventName?: string; bucket?: string; object?: Record<string, unknown> } = {},
): unknown {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'us-west-2',
    eventTime: '1970-01-01T00:00:00.000Z',
    eventName: change.eventName ?? 'ObjectCreated:Put',
    userIdentity: { principalId: 'AIDAJDPLRKLG7UEXAMPLE' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: {
      'x-amz-request-id': 'C3D13FE58DE4C810',
      'x-amz-id-2': 'FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD',
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'testConfigRule',
      bucket: {
        name: change.bucket ?? 'amzn-s3-demo-bucket',
        ownerIdentity: { principalId: 'A3NL1KOZZKExample' },
        arn: 'arn:aws:s3:::amzn-s3-demo-bucket',
      },
      object: {
        key: encodedKey,
        size: 1024,
        eTag: 'd41d8cd98f00b204e9800998ecf8427e',
        versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
        sequencer: '0055AED6DCD90281E5',
        ...change.object,
      },
    },
  };
}

/** The test event that S3 sends when notifications are enabled for a bucket. */
export const s3TestEvent: unknown = {
  Service: 'Amazon S3',
  Event: 's3:TestEvent',
  Time: '2014-10-13T15:57:02.089Z',
  Bucket: 'amzn-s3-demo-bucket',
  RequestId: '5582815E1AEA5ADF',
  HostId: '8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE',
};

/** A batch of SQS messages, as it starts a Lambda function ("Using Lambda with Amazon SQS", AWS Lambda Developer Guide). */
export function sqsEvent(...bodies: unknown[]): unknown {
  return { Records: sqsRecords(...bodies) };
}

/** @param bodies texts are sent as they are, the others as JSON */
export function sqsRecords(...bodies: unknown[]): unknown[] {
  return bodies.map((body, index) => ({
    messageId: `059f36b4-87a3-44ab-83d2-66197${index}`,
    receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1545082649183', SenderId: 'AIDAIENQZJOLO23YVJ4VO' },
    messageAttributes: {},
    md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-2:123456789012:my-queue',
    awsRegion: 'us-east-2',
  }));
}

/** "Using Lambda with Amazon SNS", AWS Lambda Developer Guide. */
export function snsEvent(event: unknown): unknown {
  return {
    Records: [
      {
        EventVersion: '1.0',
        EventSubscriptionArn: 'arn:aws:sns:us-east-2:123456789012:sns-lambda:21be56ed-a058-49f5-8c98-aedd2564c486',
        EventSource: 'aws:sns',
        Sns: { Type: 'Notification', Message: JSON.stringify(event), Timestamp: '2019-01-02T12:45:07.000Z' },
      },
    ],
  };
}

/** A message of SNS in a queue without raw delivery ("Fanout to Amazon SQS queues", Amazon SNS Developer Guide). */
export function snsMessage(event: unknown): unknown {
  return {
    Type: 'Notification',
    MessageId: '63a3f6b6-d533-4a47-aef9-fcf5cf758c76',
    TopicArn: 'arn:aws:sns:us-west-2:123456789012:MyTopic',
    Message: JSON.stringify(event),
    Timestamp: '2012-03-29T05:12:16.901Z',
  };
}

/** "EventBridge event message structure", Amazon S3 User Guide. */
export function eventBridgeEvent(key: string): object {
  return {
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: '111122223333',
    time: '2021-11-12T00:00:00Z',
    region: 'ca-central-1',
    resources: ['arn:aws:s3:::amzn-s3-demo-bucket1'],
    detail: {
      version: '0',
      bucket: { name: 'amzn-s3-demo-bucket1' },
      object: { key, size: 5, etag: 'b1946ac92492d2347c6235b4d2611184', sequencer: '617f08299329d189' },
      'request-id': 'N4N7GDK58NMKJ12R',
      requester: '123456789012',
      'source-ip-address': '1.2.3.4',
      reason: 'PutObject',
    },
  };
}
