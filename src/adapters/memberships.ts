import type { GroupMembership } from '../ports/event-log';

/** The open memberships of an event log in consumer groups. */
export class Memberships {
  private readonly open = new Set<GroupMembership>();

  /** @returns the membership, which is forgotten when it leaves */
  add(member: GroupMembership): GroupMembership {
    const membership: GroupMembership = {
      confirm: (signal) => member.confirm(signal),
      leave: async () => {
        await member.leave();
        this.open.delete(membership);
      },
    };
    this.open.add(membership);
    return membership;
  }

  /** Call this before the event log closes: listeners may have to write before they give partitions up. */
  async leaveAll(): Promise<void> {
    await Promise.all([...this.open].map((membership) => membership.leave()));
  }
}
