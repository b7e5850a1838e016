/** The actor kit: typed references, supervision and an orderly stop on top of nact, which nobody else imports. */
export { ask, stop, stopped, tell, type ActorRef, type Question, type ReplyOf } from './ref';
export { spawn, startSystem, type ActorSystem, type DeadLetter, type SystemOptions } from './system';
export {
  DEFAULT_DEADLINE_MS,
  type ActorContext,
  type ActorOptions,
  type ChildOptions,
  type Crash,
  type Log,
} from './behaviour';
export { DEFAULT_SUPERVISION, type ChildStopped, type Outcome, type Supervision } from './supervision';
