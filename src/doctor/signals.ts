import { fail, ok, unknown, warn, type Finding } from './finding';

export interface DocumentFacts {
  readonly name: string;
  /** Null: there is none. */
  readonly content: string | null;
}

export interface InstanceFacts {
  readonly id: string;
  readonly agent: string;
  /** `Online`, `ConnectionLost` or `Inactive`. */
  readonly ping: string;
}

/** From this version on the agent gives a parameter in the environment (AWS: "aws:runShellScript", interpolationType). */
export const oldestAgent = '3.3.2746';

/** @param document null: the configuration names none. @param ours the content of `conf/ssm-document.json` */
export function judgeDocument(document: DocumentFacts | null, ours: unknown): readonly Finding[] {
  const check = 'document';
  if (document === null) {
    const advice = 'Set aws.document to the output Document of the stack.';
    return [unknown(check, 'the configuration names no document', advice)];
  }
  const { name, content } = document;
  if (content === null) {
    return [fail(check, `there is no document ${name}`, 'Deploy the stack, or correct aws.document and the region.')];
  }
  if (isSame(content, ours)) return [ok(check, `${name} is the one of this version`)];
  return [fail(check, `${name} is not the one of this version`, 'Deploy the stack of this version: docs/deploy.md.')];
}

/** True for the same document in any order of keys. */
function isSame(content: string, ours: unknown): boolean {
  try {
    return sorted(JSON.parse(content)) === sorted(ours);
  } catch {
    return false;
  }
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** @param instances those with the tag; null: the configuration names no environment */
export function judgeInstances(instances: readonly InstanceFacts[] | null): readonly Finding[] {
  const check = 'agent';
  if (instances === null) {
    const advice = 'Set aws.environment to the environment of the stack, such as prod.';
    return [unknown(check, 'the configuration names no environment', advice)];
  }
  if (instances.length === 0) {
    const advice =
      'Give the producer instance the tag telltale:signals with the environment, and the rights of the SSM agent.';
    return [fail(check, 'SSM knows no instance with the tag telltale:signals', advice)];
  }
  return instances.map(({ id, agent, ping }) => {
    if (ping !== 'Online') {
      const advice = 'Start the instance or its agent: systemctl status amazon-ssm-agent.';
      return fail(check, `the agent of ${id} does not answer SSM (${ping})`, advice);
    }
    if (isOlder(agent, oldestAgent)) {
      const advice = 'Update it: run the document AWS-UpdateSSMAgent on the instance.';
      return fail(check, `the agent of ${id} is version ${agent}, signals need ${oldestAgent}`, advice);
    }
    return ok(check, `the agent of ${id} is online, version ${agent}`);
  });
}

/** @param failedEvents messages in the queue; null: the configuration names none */
export function judgeFailedEvents(failedEvents: number | null): readonly Finding[] {
  const check = 'failed events';
  if (failedEvents === null) {
    const advice = 'Set aws.failedEvents to the output FailedEvents of the stack.';
    return [unknown(check, 'the configuration names no queue of failed events', advice)];
  }
  if (failedEvents === 0) return [ok(check, 'no event has failed')];
  const advice =
    'The log of the function says why. Nothing is lost: the listing finds the objects. Then purge the queue.';
  return [warn(check, `${failedEvents} events of S3 could not be handled`, advice)];
}

/** Compares versions number by number; a missing number is 0, a version without numbers is the oldest. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): number[] => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(version), numbers(than)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
