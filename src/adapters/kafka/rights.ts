import type { WriterOptions } from '../../ports/event-log';
import { BrokerError, denied, isUnknownMember } from './errors';
import type { Connections } from './kafkajs';
import { anyBroker } from './kafkajs';
import { rightsRequest } from './wire';

const UNKNOWN_TOPIC = 3;

/**
 * Asks the broker whether topics may be read and written; a topic that does not exist is not looked at.
 * @param what what cannot be done without
 * @throws EVENT_LOG_DENIED that names the topic; BrokerError
 */
export async function checkRights(
  what: string,
  connections: Connections,
  { reads, writes }: Pick<WriterOptions, 'reads' | 'writes'>,
): Promise<void> {
  const topics = [...new Set([...writes, ...reads])];
  if (topics.length === 0) return;
  const answers = await connections.send(await anyBroker(connections.cluster), rightsRequest(topics));
  for (const { topic, errorCode, mayRead, mayWrite } of answers) {
    if (errorCode === UNKNOWN_TOPIC) continue;
    if (errorCode !== 0) throw new BrokerError(errorCode, `the topic ${topic}`);
    const missing = [
      ...(reads.includes(topic) && !mayRead ? ['read'] : []),
      ...(writes.includes(topic) && !mayWrite ? ['write'] : []),
    ];
    if (missing.length > 0) throw denied(what, `Kafka does not let it ${missing.join(' and ')} the topic ${topic}`);
  }
}

/** Asks the broker whether members of a group are taken: a heartbeat of nobody is refused for one reason or the other. */
export async function checkMembership(connections: Connections, group: string): Promise<void> {
  const coordinator = await connections.groupCoordinator(group);
  try {
    await coordinator.heartbeat({ groupId: group, groupGenerationId: 0, memberId: '' });
  } catch (error) {
    if (!isUnknownMember(error)) throw error;
  }
}
