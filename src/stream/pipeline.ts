import type { ZodError, ZodType } from 'zod';
import type { Job } from './job';
import type { MessageFormat } from './outbox-records';
import type { AlertState } from './open-alerts';
import type { FolderReceiver, Receiver } from './receivers';
import type { RouteExplanation, RouteQuestion } from './routes';
import type { TopicSpec } from './topics';
import type { Results, View } from './view';

/**
 * A pipeline: what Telltale does with the lines of a topic, as data. Topics, rights, consumer groups and transactional ids
 * are derived from the list in `src/pipelines/index.ts`.
 *
 * Everything in a pipeline is pure: it does no I/O and reads no clock. The runners in `actors` do both.
 */
export interface Pipeline<C> {
  readonly name: string;
  readonly config: Section<C>;
  parts(config: C, site: Site): Pick<Parts, 'jobs'> & Partial<Parts>;
}

/** The keys of the configuration that belong to one pipeline. No two pipelines share a top-level key. */
export interface Section<C> {
  /** Checks and reads the values. `src/config/fields.ts` has the usual kinds. */
  readonly schema: ZodType<C>;
  /** Every key with its default, as a person writes it. */
  readonly defaults: Settings;
  /**
   * Top-level keys that hold a list of objects, with the keys that an item may have. An item takes the keys that it lacks,
   * except `name`, from the first default item. A person can set one value: `--set rules.0.threshold=10`.
   */
  readonly lists?: Readonly<Record<string, (item: Settings) => readonly string[]>>;
  /** Explains why an item of `lists` may not have `key`; null when the key is simply unknown. */
  readonly explainKey?: (item: Settings, key: string) => string | null;
}

export type Settings = Readonly<Record<string, unknown>>;

/** Facts about the installation, for pipelines. */
export interface Site {
  /** Partitions of every topic of lines. */
  readonly partitions: number;
  /** The program that writes records, such as `telltale/1.2.0`. */
  readonly engine: string;
  /**
   * `live`: input never ends, and memory is bounded. `final`: all input is there (`replay`, `local --once`), and the
   * results cover all of it.
   */
  readonly mode: 'live' | 'final';
}

export interface Parts {
  /** In the order in which data flows: a job comes after the jobs whose output it reads. */
  readonly jobs: readonly Job[];
  readonly deliveries: readonly DeliveryUse[];
  readonly views: readonly View[];
  readonly results: readonly Results[];
}

/** Sends the messages that a job wrote to an outbox to receivers: at least once. A possible repeat says so. */
export interface DeliveryUse<M = unknown> {
  /** Names the transactional id and the consumer group: it never changes. */
  readonly name: string;
  /** The outbox: a topic of one partition. */
  readonly topic: TopicSpec;
  readonly format: MessageFormat<M>;
  /** The receivers of the configuration. */
  readonly receivers: readonly Receiver[];
  /** Takes all messages of a run that sends none. */
  readonly folder: FolderReceiver;
  /** Which receivers get a message: at least one. */
  receiversOf(message: M): readonly Receiver[];
  /** Explains which receivers a message would get. @throws USAGE */
  explainRoutes(question: RouteQuestion): RouteExplanation;
  readonly render: Renderers<M>;
  /** For receivers whose alerts must be refreshed. */
  alertState(message: M): AlertState;
}

/** Renders a message for each kind of receiver. Pure. */
export interface Renderers<M> {
  /** For `folder`, `smtp` and `ses`. */
  mail(message: M, how: Rendering): Mail;
  /** The JSON bodies for the others; `pagerDuty` without its key. */
  webhook(message: M, how: Rendering): object;
  slack(message: M, how: Rendering): object;
  pagerDuty(message: M, how: Rendering): object;
  /** One alert. @param how.now epoch milliseconds */
  alert(message: M, how: Rendering & { readonly now: number }): object;
}

export interface Rendering {
  /** An earlier attempt may have reached the reader: tell it. */
  readonly possibleRepeat: boolean;
}

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Equal for all mails that belong together: mail programs show them as one thread. */
  readonly thread: string;
}

/** An entry of the list of pipelines. The type of its configuration is known to the pipeline alone. */
export interface ListedPipeline {
  readonly name: string;
  readonly config: Omit<Section<unknown>, 'schema'>;
  /** @param settings the values of the pipeline's keys, not yet checked */
  configure(settings: Settings): ConfiguredPipeline | { readonly error: ZodError };
}

export interface ConfiguredPipeline {
  readonly name: string;
  /** Its part of the configuration, as a person writes it. */
  readonly written: object;
  parts(site: Site): Parts;
}

export function definePipeline<C>(pipeline: Pipeline<C>): ListedPipeline {
  const { name, config } = pipeline;
  return {
    name,
    config,
    configure: (settings) => {
      const read = config.schema.safeParse(settings);
      if (!read.success) return { error: read.error };
      return {
        name,
        written: Object(config.schema.encode(read.data)) as object,
        parts: (site) => ({ deliveries: [], views: [], results: [], ...pipeline.parts(read.data, site) }),
      };
    },
  };
}
