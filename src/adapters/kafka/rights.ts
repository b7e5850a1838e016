import type { WriterOptions } from '../../ports/event-log';
import { heartbeat } from './api/heartbeat';
import { metadata } from './api/metadata';
import type { Connections } from './connections';
import { BrokerError, brokerErrors, denied, isBrokerError } from './errors';

/**
 * Asks the broker whether this user may read and write topics. Says nothing about a topic that does not exist.
 * @param what the step that needs these rights
 * @throws EVENT_LOG_DENIED that names the topic; BrokerError
 */
export async function checkRights(
  what: string,
  connections: Connections,
  { reads, writes }: Pick<WriterOptions, 'reads' | 'writes'>,
): Promise<void> {
  const topics = [...new Set([...writes, ...reads])];
  if (topics.length === 0) return;
  const broker = await connections.anyBroker();
  for (const { topic, errorCode, mayRead, mayWrite } of await broker.send(metadata(topics))) {
    if (errorCode === brokerErrors.UNKNOWN_TOPIC_OR_PARTITION.code) continue;
    if (errorCode !== 0) throw new BrokerError(errorCode, `the topic ${topic}`);
    const missing = [
      ...(reads.includes(topic) && !mayRead ? ['read'] : []),
      ...(writes.includes(topic) && !mayWrite ? ['write'] : []),
    ];
    if (missing.length > 0) throw denied(what, `Kafka does not let it ${missing.join(' and ')} the topic ${topic}`);
  }
}

/**
 * Asks the broker whether this user may join a group. It sends the heartbeat of an unknown member, which the broker
 * refuses: the error shows whether a right is missing or only the member is unknown.
 */
export async function checkMembership(connections: Connections, group: string): Promise<void> {
  const coordinator = await connections.coordinator('group', group);
  try {
    await coordinator.send(heartbeat({ group, generation: 0, memberId: '' }));
  } catch (error) {
    if (!isBrokerError(error, 'UNKNOWN_MEMBER_ID')) throw error;
  }
}
