import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  S3Client,
  type GetBucketNotificationConfigurationCommandOutput,
  type LifecycleRule as S3Rule,
  type NotificationConfigurationFilter,
} from '@aws-sdk/client-s3';
import type { BucketFacts, LifecycleRule, Notification } from '../../doctor/bucket';
import { ONE_TRY } from './inspect-account';

/** Reads the settings of a bucket. @throws an error of the SDK */
export async function inspectBucket(
  { bucket, pathStyle }: { readonly bucket: string; readonly pathStyle: boolean },
  abortSignal: AbortSignal,
): Promise<BucketFacts> {
  const client = new S3Client({ ...ONE_TRY, forcePathStyle: pathStyle });
  const input = { Bucket: bucket };
  const options = { abortSignal };
  try {
    await client.send(new HeadBucketCommand(input), options);
    const { Status: versioning } = await client.send(new GetBucketVersioningCommand(input), options);
    const { Rules: rules } = await client
      .send(new GetBucketLifecycleConfigurationCommand(input), options)
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return { Rules: [] };
        throw error;
      });
    const announced = await client.send(new GetBucketNotificationConfigurationCommand(input), options);
    return {
      bucket,
      versioning: versioning ?? null,
      lifecycle: (rules ?? []).map(ruleOf),
      notifications: notificationsOf(announced),
      sendsToEventBridge: announced.EventBridgeConfiguration !== undefined,
    };
  } finally {
    client.destroy();
  }
}

function ruleOf({
  Status: status,
  Filter: filter,
  NoncurrentVersionExpiration: noncurrent,
  ...rule
}: S3Rule): LifecycleRule {
  return {
    enabled: status === 'Enabled',
    prefix: filter?.Prefix ?? filter?.And?.Prefix ?? '',
    noncurrentDays: noncurrent?.NoncurrentDays ?? null,
    days: rule.Expiration?.Days ?? null,
  };
}

function notificationsOf(answer: GetBucketNotificationConfigurationCommandOutput): readonly Notification[] {
  const of = (
    target: string | undefined,
    events: readonly string[] | undefined,
    filter: NotificationConfigurationFilter | undefined,
  ): Notification => {
    const rule = (name: string): string =>
      filter?.Key?.FilterRules?.find((each) => each.Name?.toLowerCase() === name)?.Value ?? '';
    return { target: target ?? '', events: events ?? [], prefix: rule('prefix'), suffix: rule('suffix') };
  };
  return [
    ...(answer.QueueConfigurations ?? []).map((each) => of(each.QueueArn, each.Events, each.Filter)),
    ...(answer.LambdaFunctionConfigurations ?? []).map((each) => of(each.LambdaFunctionArn, each.Events, each.Filter)),
    ...(answer.TopicConfigurations ?? []).map((each) => of(each.TopicArn, each.Events, each.Filter)),
  ];
}
