import type { MailReport } from '../src/pipelines/level-alerts/alerting/mail-report';
import type { Counters } from '../src/counters';
import type { Job } from '../src/stream/job';
import type { MessageFormat } from '../src/stream/outbox-records';
import { outboxTopic } from '../src/stream/topics';
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
import type { Delivery } from '../src/ports/delivery';
import type { Crc32c } from './append';
import { delivery } from './delivery';
import { groupOf } from './job-run';
import { jobRunner } from './job-runner';
import type { Assignment, ConsumerMessage, DeliveryMessage, Drain, JobRunnerMessage } from './protocol';

export interface ConsumerOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly counters: Counters;
  readonly counting: Job;
  readonly alerting: Job;
  readonly mailer: { readonly format: MessageFormat<MailReport>; readonly delivery: Delivery<MailReport> };
  /** A job has failed for good: the program cannot do its work and should end. */
  readonly onFailure: (what: string, error: Error) => void;
}

export interface Consumer {
  /** Folds all there is to its end, decides and sends every mail (`local --once`). */
  finish(timeoutMs: number): Promise<void>;
  /** Leaves the groups: what is folded is written, the mail in flight is finished, then everything stops. */
  drain(): Promise<void>;
}

const TICK_MS = 1_000;
const DRAIN_MS = 8_000;
const FINISH_MS = 24 * 60 * 60_000;

/**
 * Starts the consumer's actors: counting runs where partitions of `logs` are assigned; alerting and the mailer run where
 * the one partition of `outbox` is (rule 15).
 */
export async function startConsumer(system: ActorSystem, options: ConsumerOptions): Promise<Consumer> {
  const groups = new Map<Assignment['topic'], Promise<GroupMembership>>();
  const confirm: Confirm = async (topic, signal) => (await groups.get(topic))?.confirm(signal);
  const root = spawn(system, consumerRoot(options, confirm));
  const join = (topic: Assignment['topic'], group: string): Promise<GroupMembership> => {
    const joined = options.log.joinGroup(group, topic, {
      assigned: async (partitions) => {
        await ask(root, (replyTo) => ({ type: 'assigned', what: { topic, partitions }, replyTo }), FINISH_MS);
      },
      revoked: async (partitions) => {
        await ask(root, (replyTo) => ({ type: 'revoked', what: { topic, partitions }, replyTo }), FINISH_MS);
      },
    });
    groups.set(topic, joined);
    return joined;
  };
  const memberships = [await join('logs', groupOf('counting')), await join('outbox', groupOf('alerting'))];
  return {
    finish: async (timeoutMs) => {
      await ask(root, (replyTo) => ({ type: 'finish', replyTo }), timeoutMs);
    },
    drain: async () => {
      for (const membership of memberships) await membership.leave();
      await ask(root, (replyTo) => ({ type: 'drain', replyTo }), DRAIN_MS);
      await stop(root);
    },
  };
}

interface State {
  readonly runners: Map<string, ActorRef<JobRunnerMessage>>;
  mailer: ActorRef<DeliveryMessage> | null;
}

/** Waits until the group of a topic has confirmed what is assigned to this process. */
type Confirm = (topic: Assignment['topic'], signal: AbortSignal) => Promise<void>;

function consumerRoot(options: ConsumerOptions, confirm: Confirm): ActorOptions<ConsumerMessage, State> {
  return {
    name: 'consumer',
    deadlineMs: FINISH_MS,
    initialState: () => ({ runners: new Map<string, ActorRef<JobRunnerMessage>>(), mailer: null }),
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'assigned':
          context.log.info('partitions assigned', { ...message.what });
          startWork(state, message.what, options, confirm, context);
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'revoked':
          context.log.info('partitions revoked', { ...message.what });
          await endWork(state, message.what, context);
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'finish':
          await finish(state);
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'drain':
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'childStopped':
          state.runners.delete(message.name);
          if (message.name === 'mailer') state.mailer = null;
          if (message.outcome.kind === 'failed') options.onFailure(message.name, message.outcome.error);
          break;
      }
      return state;
    },
  };
}

function startWork(
  state: State,
  { topic, partitions }: Assignment,
  options: ConsumerOptions,
  confirm: Confirm,
  context: ActorContext<ConsumerMessage>,
): void {
  const run = (job: Job, partition: number): void => {
    const name = runnerName(job.name, partition);
    const runner = jobRunner(name, {
      ...options,
      job,
      partition,
      tickMs: TICK_MS,
      confirm: (signal) => confirm(topic, signal),
    });
    state.runners.set(name, spawn(context, { ...runner, onStop: (stopped) => stopped }));
  };
  if (topic === 'logs') {
    for (const partition of partitions) run(options.counting, partition);
  } else if (partitions.includes(0)) {
    run(options.alerting, 0);
    const mailer = delivery({
      ...options,
      ...options.mailer,
      name: 'mailer',
      topic: outboxTopic,
      confirm: (signal) => confirm(topic, signal),
    });
    state.mailer = spawn(context, { ...mailer, onStop: (stopped) => stopped });
  }
}

/** What is folded is written before the partition goes elsewhere. */
async function endWork(
  state: State,
  { topic, partitions }: Assignment,
  context: ActorContext<ConsumerMessage>,
): Promise<void> {
  const names = topic === 'logs' ? partitions.map((partition) => runnerName('counting', partition)) : ['alerting-0'];
  await Promise.all(
    names.map(async (name) => {
      const runner = state.runners.get(name);
      if (runner !== undefined) await drainAndStop(runner, context);
    }),
  );
  if (topic === 'outbox' && state.mailer !== null) {
    await drainAndStop(state.mailer, context);
    state.mailer = null;
  }
}

/** What cannot be drained is stopped all the same: whoever is next goes on from what is committed. */
async function drainAndStop(actor: ActorRef<Drain>, context: ActorContext<ConsumerMessage>): Promise<void> {
  try {
    await ask(actor, (replyTo) => ({ type: 'drain', replyTo }), DRAIN_MS);
  } catch (error) {
    context.log.warn('stopped before it was drained', { part: actor.path, error });
  }
  await stop(actor);
}

/** Source to sink: windows are complete before alerting decides, and mails are decided before the mailer finishes. */
async function finish(state: State): Promise<void> {
  const counting = [...state.runners].filter(([name]) => name.startsWith('counting-')).map(([, ref]) => ref);
  await Promise.all(counting.map((ref) => ask(ref, (replyTo) => ({ type: 'finish', replyTo }), FINISH_MS)));
  const alerting = state.runners.get(runnerName('alerting', 0));
  if (alerting !== undefined) await ask(alerting, (replyTo) => ({ type: 'finish', replyTo }), FINISH_MS);
  if (state.mailer !== null) await ask(state.mailer, (replyTo) => ({ type: 'finish', replyTo }), FINISH_MS);
}

function runnerName(job: string, partition: number): string {
  return `${job}-${partition}`;
}
