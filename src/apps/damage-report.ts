import { TelltaleError } from '../errors';
import { describeDamage, REPAIR, type DamagedPlace } from '../stream/continue-from';

/** Maximum number of named places. */
const NAMED = 10;

/** Batches that a command could not read, reported after all others. */
export class DamageReport {
  private readonly named: string[] = [];
  private count = 0;

  add(place: DamagedPlace): void {
    this.count += 1;
    if (this.named.length < NAMED) this.named.push(`cannot read ${describeDamage(place)}`);
  }

  /** One line each for the first ones, then what to do; none when all could be read. */
  lines(): readonly string[] {
    if (this.count === 0) return [];
    const more = this.count > NAMED ? [`and ${this.count - NAMED} more that cannot be read`] : [];
    return [...this.named, ...more, `The event log is damaged. ${REPAIR}.`];
  }

  /** @throws EVENT_LOG_DAMAGED when there are any */
  refuse(): void {
    if (this.count > 0) throw new TelltaleError('EVENT_LOG_DAMAGED', this.lines().join('\n'));
  }
}
