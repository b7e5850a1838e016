/** The actor kit: typed references, supervision and an orderly stop on top of nact. Only the kit imports nact. */
export { ask, stop, stopped, tell, type ActorRef } from './ref';
export { spawn, startSystem, type ActorSystem, type UndeliveredMessage } from './system';
export { type ActorContext, type ActorOptions, type ChildOptions, type Crash, type Log } from './behavior';
export { DEFAULT_SUPERVISION, type ChildStopped, type Supervision } from './supervision';
