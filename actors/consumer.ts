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
import type { Crc32c } from './append';
import { delivery, type DeliveryOptions } from './delivery';
import { consumerGroupOf } from './job-run';
import { jobRunner } from './job-runner';
import type { Confirm } from './owned-part';
import type { Assignment, ConsumerMessage, DeliveryMessage, Drain, Finish, JobRunnerMessage } from './protocol';

export interface ConsumerOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly counters: Counters;
  /** In the order of the data's way. */
  readonly jobs: readonly Job[];
  readonly deliveries: readonly OwnedDelivery[];
  /** A job has failed permanently: the program cannot do its work and should end. */
  readonly onFailure: (what: string, error: Error) => void;
}

/** A delivery of any kind of message. Its group assigns the one partition of its outbox. */
export type OwnedDelivery = Pick<DeliveryOptions<unknown>, 'name' | 'topic' | 'format' | 'delivery'>;

export interface Consumer {
  /** Runs every job over all input to its end, then delivers everything (`local --once`). */
  finish(timeoutMs: number): Promise<void>;
  /** Leaves the groups: writes folded state, finishes the delivery in flight, then stops everything. */
  drain(): Promise<void>;
}

const TICK_MS = 1_000;
const DRAIN_MS = 8_000;
const FINISH_MS = 24 * 60 * 60_000;

/** A job or delivery. Its consumer group assigns partitions of a topic, and an actor runs for each of them. */
interface Part {
  readonly group: string;
  readonly topic: string;
  actorName(partition: number): string;
  start(partition: number, confirm: Confirm, context: ActorContext<ConsumerMessage>): Runner;
}

type Runner = ActorRef<JobRunnerMessage> | ActorRef<DeliveryMessage>;

function jobPart(job: Job, options: ConsumerOptions): Part {
  // The output of a job over a whole topic has one partition.
  const topic = job.over === 'partition' ? job.inputs[0]?.topic : job.outputs[0]?.name;
  if (topic === undefined) throw new TelltaleError('INTERNAL', `The job ${job.name} needs an input and an output.`);
  const actorName = (partition: number): string => `${job.name}-${partition}`;
  return {
    group: consumerGroupOf(job.name),
    topic,
    actorName,
    start: (partition, confirm, context) => {
      const runner = jobRunner(actorName(partition), { ...options, job, partition, tickMs: TICK_MS, confirm });
      return spawn(context, { ...runner, onStop: (stopped) => stopped });
    },
  };
}

function deliveryPart(owned: OwnedDelivery, options: ConsumerOptions): Part {
  const { name, topic } = owned;
  return {
    group: consumerGroupOf(name),
    topic: topic.name,
    actorName: () => name,
    start: (_partition, confirm, context) =>
      spawn(context, { ...delivery({ ...options, ...owned, confirm }), onStop: (stopped) => stopped }),
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
    drain: async () => {
      for (const membership of memberships.values()) await (await membership).leave();
      await ask(root, (replyTo) => ({ type: 'drain', replyTo }), DRAIN_MS);
      await stop(root);
    },
  };
}

/** The running actors, by name. */
type State = Map<string, { readonly group: string; readonly runner: Runner }>;

type ConfirmGroup = (group: string, signal: AbortSignal) => Promise<void>;

function consumerRoot(
  parts: readonly Part[],
  confirm: ConfirmGroup,
  options: ConsumerOptions,
): ActorOptions<ConsumerMessage, State> {
  const partOf = ({ group }: Assignment): Part | undefined => parts.find((part) => part.group === group);
  return {
    name: 'consumer',
    deadlineMs: FINISH_MS,
    initialState: (): State => new Map(),
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'assigned':
          context.log.info('partitions assigned', { topic: partOf(message.what)?.topic, ...message.what });
          startWork(state, partOf(message.what), message.what.partitions, confirm, context);
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'revoked':
          context.log.info('partitions revoked', { topic: partOf(message.what)?.topic, ...message.what });
          await endWork(state, partOf(message.what), message.what.partitions, context);
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
        case 'childStopped':
          state.delete(message.name);
          if (message.outcome.kind === 'failed') options.onFailure(message.name, message.outcome.error);
          break;
      }
      return state;
    },
  };
}

function startWork(
  state: State,
  part: Part | undefined,
  partitions: readonly number[],
  confirm: ConfirmGroup,
  context: ActorContext<ConsumerMessage>,
): void {
  if (part === undefined) return;
  const { group } = part;
  for (const partition of partitions) {
    const runner = part.start(partition, (signal) => confirm(group, signal), context);
    state.set(part.actorName(partition), { group, runner });
  }
}

/** Writes folded state before releasing the partitions. */
async function endWork(
  state: State,
  part: Part | undefined,
  partitions: readonly number[],
  context: ActorContext<ConsumerMessage>,
): Promise<void> {
  const running = partitions.flatMap((partition) => state.get(part?.actorName(partition) ?? '') ?? []);
  await Promise.all(running.map(({ runner }) => drainAndStop(runner, context)));
}

/** Stops an actor that cannot be drained, too: its successor continues from the last commit. */
async function drainAndStop(actor: ActorRef<Drain>, context: ActorContext<ConsumerMessage>): Promise<void> {
  try {
    await ask(actor, (replyTo) => ({ type: 'drain', replyTo }), DRAIN_MS);
  } catch (error) {
    context.log.warn('stopped before it was drained', { part: actor.path, error });
  }
  await stop(actor);
}

async function finish(state: State, group: string): Promise<void> {
  const actors = [...state.values()].filter((running) => running.group === group).map(({ runner }) => runner);
  await Promise.all(
    actors.map((actor: ActorRef<Finish>) => ask(actor, (replyTo) => ({ type: 'finish', replyTo }), FINISH_MS)),
  );
}
