import type { AssignmentListener, EventLog, GroupMembership } from '../../src/ports/event-log';

/** A group member that records its assignments, in the order of all members that share `story`. */
export class GroupMember implements AssignmentListener {
  readonly partitions = new Set<number>();
  private membership: GroupMembership | null = null;
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly name: string,
    private readonly story: string[],
    /** Work of this member before it can give partitions up. */
    private readonly beforeRevoked: () => Promise<unknown> = () => Promise.resolve(),
  ) {}

  async join(log: EventLog, group: string, topic: string): Promise<void> {
    this.membership = await log.joinGroup(group, topic, this);
  }

  async confirm(signal?: AbortSignal): Promise<void> {
    if (this.membership === null) throw new Error(`${this.name} has not joined`);
    await this.membership.confirm(signal);
  }

  async leave(): Promise<void> {
    await this.membership?.leave();
  }

  assigned(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) {
      this.partitions.add(partition);
      this.story.push(`${this.name} has ${partition}`);
    }
    this.tell();
    return Promise.resolve();
  }

  async revoked(partitions: readonly number[]): Promise<void> {
    await this.beforeRevoked();
    for (const partition of partitions) {
      this.partitions.delete(partition);
      this.story.push(`${this.name} gave up ${partition}`);
    }
    this.tell();
  }

  /** Resolves as soon as it has this number of partitions. */
  has(count: number): Promise<void> {
    return this.until(() => this.partitions.size === count);
  }

  /** Resolves as soon as it has a partition. */
  hasSome(): Promise<void> {
    return this.until(() => this.partitions.size > 0);
  }

  private async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private tell(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
