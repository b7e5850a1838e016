import {
  startSystem,
  tell,
  type ActorContext,
  type ActorOptions,
  type ActorRef,
  type ActorSystem,
  type Crash,
  type UndeliveredMessage,
  type Log,
} from '../../../src/kit';

export interface LogEntry {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Record<string, unknown> | undefined;
}

export interface TestSystem {
  readonly system: ActorSystem;
  readonly letters: UndeliveredMessage[];
  readonly crashes: Crash[];
  readonly log: LogEntry[];
}

/** Starts a system that records all its reports. The caller stops it. */
export function startTestSystem(hooks: { onUndelivered?: () => void; onCrash?: () => void } = {}): TestSystem {
  const letters: UndeliveredMessage[] = [];
  const crashes: Crash[] = [];
  const log: LogEntry[] = [];
  const write =
    (level: keyof Log) =>
    (message: string, fields?: Record<string, unknown>): void => {
      log.push({ level, message, fields });
    };
  const system = startSystem({
    name: 'test',
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    onUndelivered: (letter) => {
      letters.push(letter);
      hooks.onUndelivered?.();
    },
    onCrash: (crash) => {
      crashes.push(crash);
      hooks.onCrash?.();
    },
  });
  return { system, letters, crashes, log };
}

/** A promise and the function that settles it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Runs all work that needs no timer: many turns of the event loop, without a clock. */
export async function allTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export type ListMessage =
  | { readonly type: 'add'; readonly item: string }
  | { readonly type: 'get'; readonly replyTo: ActorRef<readonly string[]> }
  | { readonly type: 'wait'; readonly until: Promise<void>; readonly started?: () => void }
  | { readonly type: 'crash'; readonly error?: Error }
  | { readonly type: 'do'; readonly action: (context: ActorContext<ListMessage>) => unknown };

/** An actor whose state lists the added items; other messages make it wait, crash or run a function. */
export function list(
  name: string,
  options: Partial<ActorOptions<ListMessage, readonly string[]>> = {},
): ActorOptions<ListMessage, readonly string[]> {
  return {
    name,
    initialState: () => [],
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'add':
          return [...state, message.item];
        case 'get':
          tell(message.replyTo, state);
          return state;
        case 'wait':
          message.started?.();
          await message.until;
          return state;
        case 'crash':
          throw message.error ?? new Error('crash');
        case 'do':
          await message.action(context);
          return state;
      }
    },
    ...options,
  };
}
