/**
 * Pins the behavior of nact 7.6.2 from which the kit protects actors. These tests use raw nact; only this file and
 * src/kit may import it. When an upgrade of nact breaks a test, check how the kit handles that case.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { dispatch, query, spawn, spawnStateless, start, stop, type ActorProps, type ActorSystemRef } from 'nact';
import { allTurns, gate } from './harness';

type Handler = () => unknown;

/** Most of these actors run the function they receive, so that each test shows its handlers. */
const run = async (state: unknown, handler: Handler): Promise<unknown> => {
  await handler();
  return state;
};
const crash: Handler = () => {
  throw new Error('crash');
};
const props = (own: ActorProps<unknown, Handler, object>): ActorProps<unknown, Handler, object> => own;

let system: ActorSystemRef;
let printed: jest.SpyInstance;
beforeEach(() => {
  system = start();
  printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(() => {
  stop(system);
  printed.mockRestore();
});

const record = (into: unknown[], what: unknown): void => {
  into.push(what);
};

/** Runs a script with nact in a separate Node process, which it may end. */
async function inOwnNode(script: string): Promise<{ code: unknown; stderr: string }> {
  const { code, stderr } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: __dirname }).then(
    (done) => ({ code: 0, ...done }),
    (failed: unknown) => failed as { code: number; stderr: string },
  );
  return { code, stderr };
}

describe('stop', () => {
  test('does not stop the children', async () => {
    const parent = spawn(system, run, 'parent');
    const childStopped = jest.fn();
    spawn(parent, run, 'child', props({ afterStop: childStopped }));
    stop(parent);
    await allTurns();
    expect(childStopped).not.toHaveBeenCalled();
  });

  test('does not stop the actors of a stopped system', async () => {
    const stopped = jest.fn();
    spawn(system, run, 'actor', props({ afterStop: stopped }));
    stop(system);
    await allTurns();
    expect(stopped).not.toHaveBeenCalled();
  });

  test('does not wait: afterStop runs later, even during a running handler', async () => {
    const { opened, open } = gate();
    const events: string[] = [];
    const actor = spawn(system, run, 'actor', props({ afterStop: () => record(events, 'afterStop') }));
    dispatch(actor, async () => {
      await opened;
      events.push('handler done');
    });
    await allTurns();
    const returned: unknown = (stop as (ref: object) => unknown)(actor);
    expect(returned).toBeUndefined();
    expect(events).toEqual([]);
    await allTurns();
    open();
    await allTurns();
    expect(events).toEqual(['afterStop', 'handler done']);
  });

  test('runs afterStop a second time when the running handler crashes after it', async () => {
    const { opened, open } = gate();
    const afterStop = jest.fn();
    const actor = spawn(system, run, 'actor', props({ afterStop }));
    dispatch(actor, () => opened.then(crash));
    await allTurns();
    stop(actor);
    open();
    await allTurns();
    expect(afterStop).toHaveBeenCalledTimes(2);
  });

  test('loses the next message even for afterStop, which sees only later ones', async () => {
    const left: unknown[] = [];
    const actor = spawn(system, run, 'actor', props({ afterStop: (_, { mailbox }) => record(left, mailbox.length) }));
    const handler = jest.fn();
    dispatch(actor, handler);
    dispatch(actor, handler);
    stop(actor);
    await allTurns();
    expect(handler).not.toHaveBeenCalled();
    expect(left).toEqual([1]);
  });
});

describe('a crash', () => {
  test('prints to the console and stops the actor; later messages vanish', async () => {
    const afterStop = jest.fn();
    const behind = jest.fn();
    const actor = spawn(system, run, 'actor', props({ afterStop }));
    dispatch(actor, crash);
    dispatch(actor, behind);
    await allTurns();
    expect(printed).toHaveBeenCalledTimes(1);
    expect(afterStop).toHaveBeenCalledTimes(1);
    expect(behind).not.toHaveBeenCalled();
  });

  test('loses its message: a reset actor does not get it again', async () => {
    const actor = spawn(system, run, 'actor', props({ onCrash: (_msg, _error, ctx) => ctx.reset }));
    const failing = jest.fn(crash);
    dispatch(actor, failing);
    await allTurns();
    expect(failing).toHaveBeenCalledTimes(1);
  });

  test('leaves the child stuck when it escalates and the parent resumes', async () => {
    const parent = spawn(system, run, 'parent', props({ onCrash: (_msg, _error, ctx) => ctx.resume }));
    const afterStop = jest.fn();
    const child = spawn(parent, run, 'child', props({ onCrash: (_msg, _error, ctx) => ctx.escalate, afterStop }));
    const next = jest.fn();
    dispatch(child, crash);
    dispatch(child, next);
    await allTurns();
    expect(next).not.toHaveBeenCalled();
    expect(afterStop).not.toHaveBeenCalled();
  });

  test('makes a sibling run two handlers at once with resetAll', async () => {
    const { opened, open } = gate();
    const parent = spawn(system, run, 'parent');
    const failing = spawn(parent, run, 'failing', props({ onCrash: (_msg, _error, ctx) => ctx.resetAll }));
    const sibling = spawn(parent, run, 'sibling');
    const second = jest.fn();
    dispatch(sibling, () => opened);
    dispatch(sibling, second);
    await allTurns();
    expect(second).not.toHaveBeenCalled();
    dispatch(failing, crash);
    await allTurns();
    expect(second).toHaveBeenCalledTimes(1); // while the first still waits
    open();
  });

  test.each(['resetAllChildren', 'stopAllChildren'] as const)('leaves the actor stuck with %s', async (decision) => {
    const afterStop = jest.fn();
    const actor = spawn(system, run, 'actor', props({ onCrash: (_msg, _error, ctx) => ctx[decision], afterStop }));
    const next = jest.fn();
    dispatch(actor, crash);
    dispatch(actor, next);
    await allTurns();
    expect(next).not.toHaveBeenCalled();
    expect(afterStop).not.toHaveBeenCalled();
  });

  test('keeps messages waiting in order until onCrash has settled (the kit relies on it)', async () => {
    const { opened, open } = gate();
    const events: number[] = [];
    const actor = spawn(system, run, 'actor', props({ onCrash: (_msg, _error, ctx) => opened.then(() => ctx.resume) }));
    dispatch(actor, crash);
    for (const n of [1, 2]) dispatch(actor, () => events.push(n));
    await allTurns();
    dispatch(actor, () => events.push(3));
    await allTurns();
    expect(events).toEqual([]);
    open();
    await allTurns();
    expect(events).toEqual([1, 2, 3]);
  });

  test('is swallowed in a stateless actor', async () => {
    const next = jest.fn();
    const actor = spawnStateless(
      system,
      (handler: Handler) => Promise.resolve(handler()).then(() => undefined),
      'actor',
    );
    dispatch(actor, crash);
    dispatch(actor, next);
    await allTurns();
    expect(printed).not.toHaveBeenCalled();
    expect(next).toHaveBeenCalledTimes(1);
  });
});

describe('state', () => {
  test('is the same object after a reset when given as initialState', async () => {
    const seen: number[] = [];
    const push = (state: number[], message: number): number[] => {
      state.push(message);
      seen.push(state.length);
      if (message === 0) throw new Error('crash');
      return state;
    };
    const actor = spawn(system, push, 'actor', { initialState: [], onCrash: (_msg, _error, ctx) => ctx.reset });
    dispatch(actor, 0);
    dispatch(actor, 1);
    await allTurns();
    expect(seen).toEqual([1, 2]);
  });

  test('stays the crashed one when initialStateFunc throws at a reset', async () => {
    const { opened, open } = gate();
    const decisions: string[] = [];
    const handled: unknown[] = [];
    let starts = 0;
    const actor = spawn(
      system,
      (state: unknown, message: string) => {
        if (message === 'crash') throw new Error('crash');
        handled.push([state, message]);
        return state;
      },
      'actor',
      {
        initialStateFunc: () => {
          if (++starts > 1) throw new Error('no state');
          return 'old';
        },
        onCrash: async (message, _error, ctx) => {
          decisions.push(String(message));
          if (message) return ctx.reset;
          await opened;
          return ctx.stop;
        },
      },
    );
    dispatch(actor, 'crash');
    dispatch(actor, 'next');
    await allTurns();
    expect(decisions).toEqual(['crash', 'undefined']);
    expect(handled).toEqual([['old', 'next']]);
    open();
  });
});

describe('messages', () => {
  test('vanish when the actor has stopped', async () => {
    const handler = jest.fn();
    const actor = spawn(system, run, 'actor');
    stop(actor);
    dispatch(actor, handler);
    await allTurns();
    expect(handler).not.toHaveBeenCalled();
  });

  test('end only by timeout when they ask an actor that then stops', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const settled = jest.fn();
      const actor = spawn(system, run, 'actor');
      const answer = query(actor, () => () => undefined, 1_000).catch(settled);
      stop(actor);
      await allTurns();
      expect(settled).not.toHaveBeenCalled();
      await jest.advanceTimersByTimeAsync(1_000);
      await answer;
      expect(settled).toHaveBeenCalledWith(new Error('Query Timeout'));
    } finally {
      jest.useRealTimers();
    }
  });

  test('reach a later actor of the same name', async () => {
    const handler = jest.fn();
    const first = spawn(system, run, 'actor');
    stop(first);
    spawn(system, run, 'actor');
    dispatch(first, handler);
    await allTurns();
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('wait without limit after a handler that never settles', async () => {
    const handler = jest.fn();
    const actor = spawn(system, run, 'actor');
    dispatch(actor, () => new Promise(() => undefined));
    for (let n = 0; n < 100_000; n++) dispatch(actor, handler);
    await allTurns();
    expect(handler).not.toHaveBeenCalled();
  });

  test('copy the whole child map each time', async () => {
    const maps: unknown[] = [];
    const actor = spawn(
      system,
      (state: unknown, _message: number, ctx: { children: unknown }) => {
        maps.push(ctx.children);
        return state;
      },
      'actor',
    );
    spawn(actor, run, 'child');
    dispatch(actor, 1);
    dispatch(actor, 2);
    await allTurns();
    expect(maps).toEqual([expect.any(Map), expect.any(Map)]);
    expect(maps[0]).not.toBe(maps[1]);
  });
});

describe('hooks', () => {
  const actor =
    "const { start, spawn, stop, dispatch } = require('nact'); const fail = () => { throw new Error('hook'); };";

  test.each([
    ['onCrash', `${actor} dispatch(spawn(start(), fail, 'a', { onCrash: fail }), 1);`],
    ['an asynchronous afterStop', `${actor} stop(spawn(start(), fail, 'a', { afterStop: async () => fail() }));`],
    ['afterStop', `${actor} stop(spawn(start(), fail, 'a', { afterStop: fail }));`],
  ])('end the process when they throw: %s', async (_hook, script) => {
    const { code, stderr } = await inOwnNode(script);
    expect(code).toBe(1);
    expect(stderr).toContain('Error: hook');
  });
});

describe('names and logs', () => {
  test("start('name') ignores the name, start({ name }) does not", () => {
    const nameOf = (ref: ActorSystemRef): unknown => (ref as { name?: unknown }).name;
    const byString = start('by-string');
    const byObject = start({ name: 'by-object' } as unknown as () => void);
    expect(nameOf(byString)).not.toBe('by-string');
    expect(nameOf(byObject)).toBe('by-object');
    stop(byString);
    stop(byObject);
  });

  test('let a second system of the same name receive the messages of the first', async () => {
    const startNamed = (): ActorSystemRef => start({ name: 'twice' } as unknown as () => void);
    const handler = jest.fn();
    const actor = spawn(startNamed(), run, 'actor');
    const second = startNamed();
    dispatch(actor, handler);
    await allTurns();
    expect(handler).not.toHaveBeenCalled();
    stop(second);
  });

  test('leave ctx.log undefined', async () => {
    const logs: unknown[] = [];
    const actor = spawn(system, (_state: unknown, _message: number, ctx: { log: unknown }) => logs.push(ctx.log), 'a');
    dispatch(actor, 1);
    await allTurns();
    expect(logs).toEqual([undefined]);
  });
});
