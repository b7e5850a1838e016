import { fail, ok, warn, type Finding } from './finding';

/** The settings of the bucket that hosts upload to. */
export interface BucketFacts {
  readonly bucket: string;
  /** `Enabled`, `Suspended`, or null: never turned on. */
  readonly versioning: string | null;
  readonly lifecycle: readonly LifecycleRule[];
  readonly notifications: readonly Notification[];
  readonly sendsToEventBridge: boolean;
}

export interface LifecycleRule {
  readonly enabled: boolean;
  /** Which keys it is about; empty: all. */
  readonly prefix: string;
  /** Null: it keeps overwritten versions. */
  readonly noncurrentDays: number | null;
  /** Null: it deletes no current object. */
  readonly days: number | null;
}

export interface Notification {
  /** The ARN of a queue, function or topic. */
  readonly target: string;
  readonly events: readonly string[];
  /** Empty: all keys. */
  readonly prefix: string;
  readonly suffix: string;
}

/** @param prefix `objectStore.prefix` with a slash at its end, or empty */
export function judgeBucket(facts: BucketFacts, prefix: string): readonly Finding[] {
  return [
    ok('bucket', `s3://${facts.bucket} can be reached`),
    judgeVersions(facts),
    judgeLifecycle(facts, prefix),
    judgeNotification(facts, prefix),
  ];
}

function judgeVersions({ bucket, versioning }: BucketFacts): Finding {
  const check = 'bucket versions';
  if (versioning === 'Enabled') return ok(check, 'the bucket keeps versions');
  return warn(
    check,
    'the bucket does not keep versions: content that is overwritten before it was read is lost',
    `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
  );
}

function judgeLifecycle({ lifecycle, versioning }: BucketFacts, prefix: string): Finding {
  const check = 'bucket lifecycle';
  const rules = lifecycle.filter((rule) => rule.enabled && prefix.startsWith(rule.prefix));
  const deleting = rules.find(({ days }) => days !== null && days < 1);
  if (deleting !== undefined) {
    const advice = 'Let the rule keep objects for longer than the producer is ever down.';
    return fail(check, 'a rule deletes objects on the day of their upload', advice);
  }
  const days = rules.flatMap(({ noncurrentDays }) => noncurrentDays ?? []);
  if (days.length > 0) return ok(check, `overwritten versions are deleted after ${Math.min(...days)} days`);
  if (versioning !== 'Enabled') return ok(check, 'there are no versions to delete');
  return warn(
    check,
    'overwritten versions are never deleted: one for each upload',
    'Add a lifecycle rule with NoncurrentVersionExpiration, of more days than the producer is ever down.',
  );
}

function judgeNotification({ notifications, sendsToEventBridge }: BucketFacts, prefix: string): Finding {
  const check = 'bucket notification';
  const advice =
    'Let the bucket announce s3:ObjectCreated:* of this prefix to the queue or the function: docs/deploy.md. Until then ' +
    'the listing (ingest.reconcile) finds the objects.';
  const creations = notifications.filter(({ events }) => events.includes('s3:ObjectCreated:*'));
  const fitting = creations.find((each) => prefix.startsWith(each.prefix) && each.suffix === '');
  if (fitting !== undefined) return ok(check, `uploads are announced to ${fitting.target}`);
  if (sendsToEventBridge) return ok(check, 'uploads are announced to EventBridge');
  const [partial] = notifications.filter(({ events }) => events.some((event) => event.startsWith('s3:ObjectCreated:')));
  if (partial === undefined) return warn(check, 'uploads are not announced', advice);
  const what = `${partial.events.join(', ')} of ${partial.prefix}*${partial.suffix}`;
  return warn(check, `only ${what} is announced, objects are below ${prefix}`, advice);
}
