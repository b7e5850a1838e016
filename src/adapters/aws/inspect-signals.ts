import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DescribeInstanceInformationCommand, GetDocumentCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { DocumentFacts, InstanceFacts } from '../../doctor/signals';
import { ONE_TRY } from './inspect-account';

/** Reads a document of SSM. @throws an error of the SDK */
export function inspectDocument(name: string, abortSignal: AbortSignal): Promise<DocumentFacts> {
  return withSsm(async (ssm) => {
    try {
      const { Content: content } = await ssm.send(new GetDocumentCommand({ Name: name }), { abortSignal });
      return { name, content: content ?? null };
    } catch (error) {
      if (error instanceof Error && error.name === 'InvalidDocument') return { name, content: null };
      throw error;
    }
  });
}

/**
 * Reads which instances get signals.
 * @param environment the value of the tag `telltale:signals`
 * @throws an error of the SDK
 */
export function inspectInstances(environment: string, abortSignal: AbortSignal): Promise<readonly InstanceFacts[]> {
  return withSsm(async (ssm) => {
    const { InstanceInformationList: list } = await ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'tag:telltale:signals', Values: [environment] }] }),
      { abortSignal },
    );
    return (list ?? []).map(({ InstanceId: id = '', AgentVersion: agent = '', PingStatus: ping = 'Inactive' }) => {
      return { id, agent, ping };
    });
  });
}

async function withSsm<T>(ask: (ssm: SSMClient) => Promise<T>): Promise<T> {
  const ssm = new SSMClient(ONE_TRY);
  try {
    return await ask(ssm);
  } finally {
    ssm.destroy();
  }
}

/** Counts the messages of a queue. @throws an error of the SDK */
export async function countMessages(url: string, abortSignal: AbortSignal): Promise<number> {
  const sqs = new SQSClient(ONE_TRY);
  try {
    const { Attributes: attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
      { abortSignal },
    );
    return Object.values(attributes ?? {}).reduce((sum, value) => sum + Number(value), 0);
  } finally {
    sqs.destroy();
  }
}
