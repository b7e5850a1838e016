import { TelltaleError } from '../errors';
import type { HeadEnvelope, Position } from './head-envelope';
import type { Job } from './job';

type About = Pick<Job, 'name' | 'definition'>;

/** Where to continue in an input partition; 0 if nothing of it was folded yet. */
export function positionIn(envelope: HeadEnvelope | null, topic: string, partition: number): number {
  const known = envelope?.positions.find((one) => one.topic === topic && one.partition === partition);
  return known?.offset ?? 0;
}

/**
 * Refuses state that another definition made: what the job makes now would not fit it.
 * @throws RESET_NEEDED
 */
export function checkDefinition({ name, definition }: About, envelope: HeadEnvelope | null): void {
  const before = envelope?.definition ?? definition;
  if (before === definition) return;
  const message =
    `The definition of ${name} has changed: its state was made with ${JSON.stringify(before)}, and it is now ` +
    `${JSON.stringify(definition)}. ${advice(name)} to start over, or restore the former configuration.`;
  throw new TelltaleError('RESET_NEEDED', message);
}

/**
 * A position after the end of its partition belongs to records that are gone. Waiting there would skip all records that the
 * new topic gets before it reaches that position.
 * @param end the partition's, as of now
 * @throws RESET_NEEDED
 */
export function checkPosition({ name }: About, { topic, partition, offset }: Position, end: number): void {
  if (offset <= end) return;
  const message =
    `${name} has read topic "${topic}", partition ${partition}, up to offset ${offset}, but the partition ends at ${end}: ` +
    `the topic was created again, or has lost records. ${advice(name)} to read it from its start.`;
  throw new TelltaleError('RESET_NEEDED', message);
}

/**
 * A record that a job would restore itself from, and cannot: without it, the job would count or report again.
 * @throws RESET_NEEDED, always
 */
export function refuseUnreadable(name: string, { topic, partition, offset }: Position, cause?: unknown): never {
  const message =
    `${name} cannot read a record of its own state: topic "${topic}", partition ${partition}, offset ${offset}. ` +
    `Run the version of Telltale that wrote it. ${advice(name)} to start over without it.`;
  throw new TelltaleError('RESET_NEEDED', message, { cause });
}

/** The place of a batch that cannot be read, and why. */
export interface DamagedPlace {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly next: number;
  readonly problem: string;
}

/** For messages: `topic "logs", partition 0, offsets 12 to 19: its checksum is wrong`. */
export function describeDamage({ topic, partition, from, next, problem }: DamagedPlace): string {
  const offsets = next - from === 1 ? `offset ${from}` : `offsets ${from} to ${next - 1}`;
  return `topic "${topic}", partition ${partition}, ${offsets}: ${problem}`;
}

/** A record batch that its reader needs cannot be read. */
export function damagedAt(place: DamagedPlace): TelltaleError {
  const message = `The event log is damaged at ${describeDamage(place)}. ${REPAIR}.`;
  return new TelltaleError('EVENT_LOG_DAMAGED', message);
}

/**
 * A batch of a job's own state is damaged: without it, the job would count or report again.
 * @throws EVENT_LOG_DAMAGED, always
 */
export function refuseDamaged(name: string, place: DamagedPlace): never {
  const message =
    `${name} cannot read its own state at ${describeDamage(place)}. ${REPAIR}. ` +
    `${advice(name)} to start ${name} over without it.`;
  throw new TelltaleError('EVENT_LOG_DAMAGED', message);
}

/** What to do about a damaged event log, for the end of a message. */
export const REPAIR =
  'Stop the programs and run "telltale repair", which rebuilds the embedded event log from the object store ' +
  '(for Kafka see docs/troubleshooting.md)';

function advice(name: string): string {
  return `Run "telltale reset ${name}", with the --data, --config and --set of this program,`;
}
