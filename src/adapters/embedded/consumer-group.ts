import { once } from 'node:events';

import { TelltaleError } from '../../errors';
import type { AssignmentListener, GroupMembership } from '../../ports/event-log';

interface Member {
  readonly listener: AssignmentListener;
  /** The partitions that it currently owns. */
  assigned: readonly number[];
}

/** Assigns the partitions to the members in turn, in the order in which the members joined. */
export function spread(partitions: number, members: number): number[][] {
  const shares: number[][] = Array.from({ length: members }, () => []);
  for (let partition = 0; partition < partitions; partition++) shares[partition % members]?.push(partition);
  return shares;
}

/**
 * A consumer group over one topic, with members in this process. It makes changes one after the other: each first revokes
 * partitions, awaits that, and then assigns them.
 */
export class ConsumerGroup {
  private readonly members: Member[] = [];
  private changes: Promise<void> = Promise.resolve();

  constructor(private readonly partitions: number) {}

  /** Joins at once; `assigned` follows. A listener must not await `leave`, which itself waits for listeners. */
  join(listener: AssignmentListener): GroupMembership {
    const member: Member = { listener, assigned: [] };
    this.members.push(member);
    void this.change(() => this.rebalance());
    let left: Promise<void> | null = null;
    const leaving = new AbortController();
    return {
      confirm: (signal) =>
        this.confirm(AbortSignal.any(signal === undefined ? [leaving.signal] : [leaving.signal, signal])),
      leave: () => {
        leaving.abort();
        return (left ??= this.leave(member));
      },
    };
  }

  /** An assignment holds once every change that began before this call is made. */
  private async confirm(over: AbortSignal): Promise<void> {
    const settled = this.change(() => Promise.resolve());
    if (!over.aborted) await Promise.race([settled, once(over, 'abort')]);
    if (over.aborted)
      throw new TelltaleError('CLOSED', 'The assignment cannot be confirmed: the member has left its group.');
  }

  private async leave(member: Member): Promise<void> {
    await this.change(async () => {
      this.members.splice(this.members.indexOf(member), 1);
      await revoke(member, member.assigned);
    });
    void this.change(() => this.rebalance());
  }

  private async rebalance(): Promise<void> {
    const shares = spread(this.partitions, this.members.length);
    const moves = this.members.map((member, i) => {
      const share = shares[i] ?? [];
      const lost = member.assigned.filter((partition) => !share.includes(partition));
      const gained = share.filter((partition) => !member.assigned.includes(partition));
      return { member, lost, gained };
    });
    await Promise.all(moves.map(({ member, lost }) => revoke(member, lost)));
    await Promise.all(moves.map(({ member, gained }) => assign(member, gained)));
  }

  private change(step: () => Promise<void>): Promise<void> {
    this.changes = this.changes.then(step);
    return this.changes;
  }
}

/** Listeners handle their own errors: a failing one must not keep partitions from the other members. */
async function revoke(member: Member, partitions: readonly number[]): Promise<void> {
  if (partitions.length === 0) return;
  await member.listener.revoked(partitions).catch(() => undefined);
  member.assigned = member.assigned.filter((partition) => !partitions.includes(partition));
}

async function assign(member: Member, partitions: readonly number[]): Promise<void> {
  if (partitions.length === 0) return;
  member.assigned = [...member.assigned, ...partitions];
  await member.listener.assigned(partitions).catch(() => undefined);
}
