import { isTelltaleError, TelltaleError } from '../../errors';
import type { AssignmentListener, EventLogProblem, GroupMembership } from '../../ports/event-log';
import { assignRoundRobin, assignedPartitions, subscription } from './api/consumer-protocol';
import { heartbeat } from './api/heartbeat';
import { joinGroup } from './api/join-group';
import { leaveGroup } from './api/leave-group';
import type { GroupMemberId } from './api/sync-group';
import { syncGroup } from './api/sync-group';
import { KafkaClient } from './client';
import type { Broker, Connections } from './connections';
import { isBrokerError } from './errors';
import type { KafkaEventLogOptions } from './options';
import type { Waiting } from '../waiting';

/** A member without a heartbeat for this long loses its partitions. */
const SESSION_TIMEOUT_MS = 15_000;
/** How long the others wait for a member to give its partitions up. */
const REBALANCE_TIMEOUT_MS = 60_000;
const HEARTBEAT_MS = 1_000;
/** How long leaving waits for a broker that does not answer. */
const LEAVE_WITHIN_MS = 2_000;

interface Joined {
  readonly member: GroupMemberId;
  readonly partitions: readonly number[];
  /** A member that is not Telltale, as far as this member can see; null when there is none. */
  readonly stranger: string | null;
}

/**
 * A member of a consumer group. At each rebalance it gives up all its partitions, and joins the next round only after `revoked`
 * has resolved (kafkajs' consumer does not wait). The broker assigns partitions only when all members have joined that round.
 * Listeners handle their own errors.
 */
export class KafkaGroupMember implements GroupMembership {
  private readonly client: KafkaClient;
  private readonly leaving = new AbortController();
  /** Aborted some time after `leaving`: a round may last as long as its slowest member. */
  private readonly joining = new AbortController();
  private memberId = '';
  /** Callers of `confirm` that wait for a heartbeat. */
  private readonly confirming = new Set<() => void>();
  private readonly running: Promise<void>;
  private cannotJoin: string | null = null;
  private stranger: string | null = null;

  constructor(
    private readonly options: KafkaEventLogOptions,
    private readonly group: string,
    private readonly topic: string,
    private readonly listener: AssignmentListener,
    waiting: Waiting,
  ) {
    // A member that cannot reach the group for longer has lost its partitions.
    this.client = new KafkaClient({ ...options, retryForMs: SESSION_TIMEOUT_MS }, waiting);
    this.running = this.run();
  }

  /** Why partitions may lack a member; null when all is well, and when this member has left. */
  get problem(): EventLogProblem | null {
    if (this.leaving.signal.aborted) return null;
    const problem =
      this.cannotJoin ?? (this.stranger === null ? null : strangerIn(this.group, this.topic, this.stranger));
    return problem === null ? null : { about: `group ${this.group}`, problem };
  }

  async confirm(signal?: AbortSignal): Promise<void> {
    const over = AbortSignal.any(signal === undefined ? [this.leaving.signal] : [this.leaving.signal, signal]);
    if (!over.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.confirming.delete(done);
          over.removeEventListener('abort', done);
          resolve();
        };
        this.confirming.add(done);
        over.addEventListener('abort', done, { once: true });
      });
    }
    if (!over.aborted) return;
    const message = `Cannot confirm the assignment: this member has left the group ${this.group}, or the caller gave up.`;
    throw new TelltaleError('CLOSED', message);
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    const left = new AbortController();
    void this.options.clock.sleep(LEAVE_WITHIN_MS, left.signal).then(() => this.joining.abort());
    await this.running;
    left.abort();
  }

  private async run(): Promise<void> {
    while (!this.leaving.signal.aborted) {
      const joined = await this.joinOnce();
      if (joined === null) await this.options.clock.sleep(HEARTBEAT_MS, this.leaving.signal);
      else await this.hold(joined);
    }
    if (this.memberId !== '') await this.sayGoodbye();
    this.client.disconnect();
  }

  /** Null when joining failed, as it does when the next rebalance begins before this one has ended. */
  private async joinOnce(): Promise<Joined | null> {
    try {
      const joined = await this.request(
        this.joining.signal,
        (coordinator, connections) => this.join(coordinator, connections),
        REBALANCE_TIMEOUT_MS,
      );
      this.cannotJoin = null;
      this.stranger = joined.stranger;
      return joined;
    } catch (error) {
      this.forgetIfUnknown(error);
      // Null for a rebalance: the next try is part of it.
      this.cannotJoin = isOfRebalance(error) ? null : messageOf(error);
      return null;
    }
  }

  private async join(coordinator: Broker, connections: Connections): Promise<Joined> {
    const { group, topic } = this;
    const { memberId, round } = await coordinator.send(
      joinGroup({
        group,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
        memberId: this.memberId,
        protocol: subscription(topic),
      }),
    );
    this.memberId = memberId;
    // The broker has only given this member an id.
    if (round === null) return this.join(coordinator, connections);
    const member = { group, generation: round.generation, memberId };
    const isLeader = memberId === round.leaderId;
    const known = isLeader ? round.memberIds : [round.leaderId];
    const stranger = known.find((id) => !this.isOwn(id)) ?? null;
    // A stranger would keep its share from being folded.
    const own = round.memberIds.filter((id) => this.isOwn(id));
    const assignments = isLeader ? assignRoundRobin(topic, await connections.partitions(topic), own) : [];
    const assignment = await coordinator.send(syncGroup(member, assignments));
    return { member, partitions: [...assignedPartitions(topic, assignment)].sort((a, b) => a - b), stranger };
  }

  /** The broker makes the id of a member of its client id. */
  private isOwn(memberId: string): boolean {
    return memberId.startsWith(`${this.options.clientId}-`);
  }

  /** Keeps the assigned partitions until the group wants them back, then gives them up; heartbeats continue meanwhile. */
  private async hold(joined: Joined): Promise<void> {
    const { partitions } = joined;
    const assigned = partitions.length === 0 ? null : settled(this.listener.assigned(partitions));
    await this.beat(joined, this.leaving.signal, { giveUp: () => true, confirms: true });

    const givenUp = new AbortController();
    const beating = this.beat(joined, givenUp.signal, {
      giveUp: (error) => !isBrokerError(error, 'REBALANCE_IN_PROGRESS'),
      confirms: false,
    });
    await assigned;
    if (partitions.length > 0) await settled(this.listener.revoked(partitions));
    givenUp.abort();
    await beating;
  }

  /**
   * Sends heartbeats until `over` is aborted, or until one fails with an error that `giveUp` accepts.
   * @param confirms true while this member keeps its partitions: a successful heartbeat then confirms the assignment
   */
  private async beat(
    { member }: Joined,
    over: AbortSignal,
    { giveUp, confirms }: { giveUp: (error: unknown) => boolean; confirms: boolean },
  ): Promise<void> {
    for (;;) {
      await this.options.clock.sleep(HEARTBEAT_MS, over);
      if (over.aborted) return;
      const asked = confirms ? [...this.confirming] : [];
      const sentAt = performance.now();
      try {
        await this.request(over, (coordinator) => coordinator.send(heartbeat(member)));
        // An answer that a paused process reads later than this says nothing about the present.
        if (performance.now() - sentAt < SESSION_TIMEOUT_MS) for (const confirmed of asked) confirmed();
      } catch (error) {
        this.forgetIfUnknown(error);
        if (giveUp(error)) return;
      }
    }
  }

  /** Without it, the others would wait until this member's session ends. */
  private async sayGoodbye(): Promise<void> {
    const leaving = this.request(AbortSignal.timeout(LEAVE_WITHIN_MS), (coordinator) =>
      coordinator.send(leaveGroup(this.group, this.memberId)),
    );
    await leaving.catch(() => undefined);
  }

  private forgetIfUnknown(error: unknown): void {
    if (isBrokerError(error, 'UNKNOWN_MEMBER_ID')) this.memberId = '';
  }

  private request<T>(
    closed: AbortSignal,
    step: (coordinator: Broker, connections: Connections) => Promise<T>,
    heldBackMs = 0,
  ): Promise<T> {
    return this.client.run(
      `Cannot use the group ${this.group}, which assigns the partitions of topic ${this.topic}`,
      closed,
      async (connections) => step(await connections.coordinator('group', this.group), connections),
      heldBackMs,
    );
  }
}

function strangerIn(group: string, topic: string, stranger: string): string {
  return (
    `The group ${group}, which assigns the partitions of topic ${topic}, has a member that is not Telltale ` +
    `(${JSON.stringify(stranger)}): partitions may be left to it. End that program, or give it another group.`
  );
}

function isOfRebalance(error: unknown): boolean {
  if (isTelltaleError(error, 'CLOSED')) return true;
  return isBrokerError(error, 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function settled(call: Promise<void>): Promise<void> {
  await call.catch(() => undefined);
}
