import type { Job } from './job';
import type { MessageFormat } from './outbox-records';
import type { TopicSpec } from './topics';

/**
 * A pipeline: what Telltale does with the lines of a topic, as data. Topics, rights, consumer groups and transactional ids
 * are derived from the list in `src/pipelines/index.ts`.
 *
 * Everything in a pipeline is pure: it does no I/O and reads no clock. The runners in `actors` do both.
 */
export interface Pipeline<C> {
  readonly name: string;
  parts(config: C, site: Site): Parts;
}

/** What a pipeline learns about the installation. */
export interface Site {
  /** Partitions of every topic of lines. */
  readonly partitions: number;
  /** The program that writes records, such as `telltale/1.2.0`. */
  readonly engine: string;
  /**
   * `live`: input never ends, and memory is bounded. `final`: all input is there (`replay`, `local --once`), and the results
   * are those of the whole.
   */
  readonly mode: 'live' | 'final';
}

export interface Parts {
  /** In the order of the data's way: a job comes after the jobs whose output it reads. */
  readonly jobs: readonly Job[];
  readonly deliveries: readonly DeliveryUse[];
}

/** Mails what a job wrote to an outbox: at least once, and a repeat says that it may be one. */
export interface DeliveryUse<M = unknown> {
  /** Names the transactional id and the consumer group: it never changes. */
  readonly name: string;
  /** The outbox: a topic of one partition. */
  readonly topic: TopicSpec;
  readonly format: MessageFormat<M>;
  /** @param possibleRepeat an earlier attempt may have reached the reader: tell it */
  mail(message: M, possibleRepeat: boolean): Mail;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
