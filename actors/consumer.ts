import { TelltaleError } from '../src/errors';
import type { Counters } from '../src/counters';
import type { Job } from '../src/stream/job';
import {
  ask,
  spawn,
  stop,
  tell,
  type ActorContext,
  type ActorOptions,
  type ActorRef,
  type ActorSystem,
} from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { EventLog, GroupMembership } from '../src/ports/event-log';
import { createTrace } from '../src/trace';
import type { Crc32c } from './append';
import { delivery, type DeliveryOptions } from './delivery';
import { consumerGroupOf } from './job-run';
import { jobRunner } from './job-runner';
import { isUnmended, type Confirm, type OwnershipOptions } from './owned-part';
import type { Assignment, ConsumerMessage, DeliveryMessage, Drain, Finish, JobRunnerMessage } from './protocol';

export interface ConsumerOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly counters: Counters;
  /** In the order in which data flows through them. */
  readonly jobs: readonly Job[];
  readonly deliveries: readonly OwnedDelivery[];
  /** A job has failed permanently: the program cannot do its work and should end. */
  readonly onFailure: (what: string, error: Error) => void;
  /**
   * A job or delivery that cannot continue from its state is held: it waits for `telltale reset` or `telltale repair`, and
   * the others continue. With null, it fails permanently (`local --once`).
   */
  readonly hold: HoldOptions | null;
}

export interface HoldOptions {
  /** How often a held job checks whether it was reset. */
  readonly retryMs: number;
  /** Called with the name of each held part's actor, and the reason. */
  readonly report: (held: ReadonlyMap<string, string>) => void;
}

/** A delivery of any kind of message. Its group assigns the one partition of its outbox. */
export type OwnedDelivery = Pick<
  DeliveryOptions<unknown>,
  'name' | 'topic' | 'format' | 'delivery' | 'targetsOf' | 'isConfigured' | 'maxAttempts'
>;

export interface Consumer {
  /** Runs every job over all input to its end, then delivers everything (`local --once`). */
  finish(timeoutMs: number): Promise<void>;
  /** Leaves the groups: writes folded state, finishes the delivery in flight, then stops everything. */
  drain(timeoutMs: number): Promise<void>;
}

const TICK_MS = 1_000;
/** How long a rebalance waits for a part that does not answer. */
const DRAIN_MS = 8_000;
const FINISH_MS = 24 * 60 * 60_000;

/** A job or delivery. Its consumer group assigns partitions of a topic, and an actor runs for each of them. */
interface Part {
  readonly name: string;
  readonly group: string;
  readonly topic: string;
  /** Those that Telltale uses: Kafka's topic may have more, which are empty. */
  readonly partitions: number;
  actorName(partition: number): string;
  start(partition: number, ownership: Assigned, context: ActorContext<ConsumerMessage>): Runner;
}

type Assigned = Omit<OwnershipOptions, 'counters'>;

type Runner = ActorRef<JobRunnerMessage> | ActorRef<DeliveryMessage>;

function jobPart(job: Job, options: ConsumerOptions): Part {
  // The output of a job over a whole topic has one partition.
  const [input, output] = [job.inputs[0], job.outputs[0]];
  const assigned = job.over === 'partition' ? input && { name: input.topic, ...input } : output;
  if (assigned === undefined) throw new TelltaleError('INTERNAL', `The job ${job.name} needs an input and an output.`);
  const actorName = (partition: number): string => `${job.name}-${partition}`;
  return {
    name: job.name,
    group: consumerGroupOf(job.name),
    topic: assigned.name,
    partitions: assigned.partitions,
    actorName,
    start: (partition, ownership, context) => {
      const runner = jobRunner(actorName(partition), { ...options, ...ownership, job, partition, tickMs: TICK_MS });
      return spawn(context, { ...runner, onStop: (stopped) => stopped });
    },
  };
}

function deliveryPart(owned: OwnedDelivery, options: ConsumerOptions): Part {
  const { name, topic } = owned;
  return {
    name,
    group: consumerGroupOf(name),
    topic: topic.name,
    partitions: topic.partitions,
    actorName: () => name,
    start: (_partition, ownership, context) =>
      spawn(context, { ...delivery({ ...options, ...owned, ...ownership }), onStop: (stopped) => stopped }),
  };
}

/** Starts the consumer's actors: the runners of all jobs and deliveries that its groups assign to it. */
export async function startConsumer(system: ActorSystem, options: ConsumerOptions): Promise<Consumer> {
  const parts = [
    ...options.jobs.map((job) => jobPart(job, options)),
    ...options.deliveries.map((owned) => deliveryPart(owned, options)),
  ];
  const memberships = new Map<string, Promise<GroupMembership>>();
  const confirm: ConfirmGroup = async (group, signal) => (await memberships.get(group))?.confirm(signal);
  const root = spawn(system, consumerRoot(parts, confirm, options));
  for (const { group, topic } of parts) {
    const joined = options.log.joinGroup(group, topic, {
      assigned: async (partitions) => {
        await ask(root, (replyTo) => ({ type: 'assigned', what: { group, partitions }, replyTo }), FINISH_MS);
      },
      revoked: async (partitions) => {
        await ask(root, (replyTo) => ({ type: 'revoked', what: { group, partitions }, replyTo }), FINISH_MS);
      },
    });
    memberships.set(group, joined);
    await joined;
  }
  return {
    finish: async (timeoutMs) => {
      await ask(root, (replyTo) => ({ type: 'finish', replyTo }), timeoutMs);
    },
    drain: async (timeoutMs) => {
      for (const membership of memberships.values()) await (await membership).leave();
      await ask(root, (replyTo) => ({ type: 'drain', replyTo }), timeoutMs);
      await stop(root);
    },
  };
}

interface State {
  /** The running actors, by name. */
  readonly running: Map<string, Running>;
  /** The parts that wait for `telltale reset`, by the name of their actor. */
  readonly held: Map<string, Held>;
}

interface Running {
  readonly part: Part;
  readonly partition: number;
  readonly runner: Runner;
}

type Held = Omit<Running, 'runner'> & { readonly reason: string; readonly problem: string };

type ConfirmGroup = (group: string, signal: AbortSignal) => Promise<void>;

function consumerRoot(
  parts: readonly Part[],
  confirm: ConfirmGroup,
  options: ConsumerOptions,
): ActorOptions<ConsumerMessage, State> {
  const partOf = ({ group }: Assignment): Part | undefined => parts.find((part) => part.group === group);
  const confirmOf =
    ({ group }: Part): Confirm =>
    (signal) =>
      confirm(group, signal);
  return {
    name: 'consumer',
    deadlineMs: FINISH_MS,
    initialState: (): State => ({ running: new Map(), held: new Map() }),
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'assigned':
          context.log.info('partitions assigned', { topic: partOf(message.what)?.topic, ...message.what });
          for (const partition of message.what.partitions) {
            const part = partOf(message.what);
            if (part !== undefined && partition < part.partitions)
              startPart(state, { part, partition }, { confirm: confirmOf(part) }, context);
          }
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'revoked':
          context.log.info('partitions revoked', { topic: partOf(message.what)?.topic, ...message.what });
          await endWork(state, partOf(message.what), message.what.partitions, context);
          reportHeld(state, options);
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'finish':
          // The parts that read the output of a part finish after it.
          for (const { group } of parts) await finish(state, group);
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'drain':
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'retryHeld': {
          const held = state.held.get(message.name);
          if (held === undefined || state.running.has(message.name)) break;
          const onStarted = (): void => tell(context.self, { type: 'heldStarted', name: message.name });
          startPart(state, held, { confirm: confirmOf(held.part), wasStarted: true, onStarted }, context);
          break;
        }
        case 'heldStarted':
          if (state.held.delete(message.name)) context.log.info('job continues', { part: message.name });
          reportHeld(state, options);
          break;
        case 'childStopped': {
          const running = state.running.get(message.name);
          state.running.delete(message.name);
          if (message.outcome.kind !== 'failed') break;
          const { error } = message.outcome;
          if (running === undefined || options.hold === null || !isUnmended(error)) {
            options.onFailure(message.name, error);
            break;
          }
          hold(
            state,
            message.name,
            { ...running, reason: error.code === 'RESET_NEEDED' ? 'reset needed' : 'damaged', problem: error.message },
            options,
            context,
          );
          context.scheduleOnce(options.hold.retryMs, { type: 'retryHeld', name: message.name });
          reportHeld(state, options);
          break;
        }
      }
      return state;
    },
  };
}

function startPart(
  { running }: State,
  { part, partition }: Omit<Running, 'runner'>,
  ownership: Assigned,
  context: ActorContext<ConsumerMessage>,
): void {
  running.set(part.actorName(partition), { part, partition, runner: part.start(partition, ownership, context) });
}

/** Writes folded state before releasing the partitions. */
async function endWork(
  { running, held }: State,
  part: Part | undefined,
  partitions: readonly number[],
  context: ActorContext<ConsumerMessage>,
): Promise<void> {
  const names = partitions.map((partition) => part?.actorName(partition) ?? '');
  for (const name of names) held.delete(name);
  const ending = names.flatMap((name) => running.get(name) ?? []);
  await Promise.all(ending.map(({ runner }) => drainAndStop(runner, context)));
}

function hold(
  { held }: State,
  name: string,
  { part, partition, reason, problem }: Held,
  { counters }: ConsumerOptions,
  context: ActorContext<ConsumerMessage>,
): void {
  if (held.get(name)?.problem !== problem) {
    createTrace(context.log, counters, part.name)('jobHeld', { reason, part: name, problem });
  }
  held.set(name, { part, partition, reason, problem });
}

function reportHeld({ held }: State, { hold: options }: ConsumerOptions): void {
  options?.report(new Map(Array.from(held, ([name, { problem }]) => [name, problem])));
}

/** Drains an actor, then stops it. Stops it even when draining fails: its successor continues from the last commit. */
async function drainAndStop(actor: ActorRef<Drain>, context: ActorContext<ConsumerMessage>): Promise<void> {
  try {
    await ask(actor, (replyTo) => ({ type: 'drain', replyTo }), DRAIN_MS);
  } catch (error) {
    context.log.warn('stopped before it was drained', { part: actor.path, error });
  }
  await stop(actor);
}

async function finish({ running }: State, group: string): Promise<void> {
  const actors = [...running.values()].filter(({ part }) => part.group === group).map(({ runner }) => runner);
  await Promise.all(
    actors.map((actor: ActorRef<Finish>) => ask(actor, (replyTo) => ({ type: 'finish', replyTo }), FINISH_MS)),
  );
}
