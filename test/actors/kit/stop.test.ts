import { ask, spawn, stop, stopped, tell, type ActorContext, type ActorRef } from '../../../src/kit';
import { allTurns, gate, list, startTestSystem, type ListMessage, type TestSystem } from './harness';

let test_: TestSystem;
beforeEach(() => (test_ = startTestSystem()));
afterEach(async () => {
  jest.useRealTimers();
  await test_.system.stop(1_000).catch(() => undefined);
});

/** An actor with a chain of children, one per further name; `events` gets each name after its afterStop. */
function chain(
  context: ActorContext<ListMessage> | undefined,
  events: string[],
  [name = '', ...below]: string[],
): ActorRef<ListMessage> {
  const options = list(name, {
    initialState: (own) => {
      if (below.length > 0) chain(own, events, below);
      return [];
    },
    afterStop: async () => {
      await allTurns();
      events.push(name);
    },
  });
  return context
    ? spawn(context, { ...options, onStop: () => ({ type: 'add', item: name }) })
    : spawn(test_.system, options);
}

describe('stop', () => {
  test('stops the leaves first and waits for the afterStop of each', async () => {
    const events: string[] = [];
    const root = chain(undefined, events, ['root', 'middle', 'leaf']);
    await allTurns();
    await stop(root);
    expect(events).toEqual(['leaf', 'middle', 'root']);
  });

  test('lets the running handler finish; waiting messages become undelivered', async () => {
    const { opened, open } = gate();
    const afterStop = jest.fn();
    const actor = spawn(test_.system, list('list', { afterStop }));
    tell(actor, { type: 'add', item: 'a' });
    tell(actor, { type: 'wait', until: opened });
    tell(actor, { type: 'add', item: 'waits' });
    await allTurns();
    const done = stop(actor);
    tell(actor, { type: 'add', item: 'too late' });
    await allTurns();
    expect(afterStop).not.toHaveBeenCalled();
    open();
    await done;
    expect(afterStop.mock.calls).toEqual([[['a']]]);
    expect(test_.letters.map(({ message }) => message)).toEqual([
      { type: 'add', item: 'too late' },
      { type: 'add', item: 'waits' },
    ]);
  });

  test('may be called twice, and on a stopped actor', async () => {
    const afterStop = jest.fn();
    const actor = spawn(test_.system, list('list', { afterStop }));
    await allTurns();
    await Promise.all([stop(actor), stop(actor)]);
    await stop(actor);
    expect(afterStop).toHaveBeenCalledTimes(1);
  });

  test('makes and releases no state when called before the start', async () => {
    const initialState = jest.fn(() => []);
    const afterStop = jest.fn();
    await stop(spawn(test_.system, list('list', { initialState, afterStop })));
    expect(initialState).not.toHaveBeenCalled();
    expect(afterStop).not.toHaveBeenCalled();
  });

  test('logs an afterStop that throws, and continues', async () => {
    const error = new Error('hook');
    const afterStop = (): never => {
      throw error;
    };
    const actor = spawn(test_.system, list('list', { afterStop }));
    await allTurns();
    await stop(actor);
    expect(await stopped(actor)).toEqual({ kind: 'stopped' });
    expect(test_.log).toEqual([
      { level: 'error', message: 'afterStop failed', fields: { actor: 'test://list', error } },
    ]);
  });

  test('abandons an afterStop that has not settled at the deadline', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const afterStop = (): Promise<void> => new Promise(() => undefined);
    const actor = spawn(test_.system, list('list', { afterStop, deadlineMs: 5_000 }));
    await allTurns();
    const done = stop(actor);
    await allTurns();
    await jest.advanceTimersByTimeAsync(5_000);
    await done;
    expect(test_.log).toMatchObject([{ message: 'afterStop failed', fields: { error: { code: 'HANDLER_TIMEOUT' } } }]);
  });

  test('reports a handler that crashes during the stop, and runs afterStop once', async () => {
    const { opened, open } = gate();
    const afterStop = jest.fn();
    const aMonth = 2 ** 31 - 1; // a back-off would not end
    const supervision = { maxRestarts: 1, withinMs: aMonth, backoffMs: { initial: aMonth, max: aMonth } };
    const actor = spawn(test_.system, list('list', { afterStop, supervision }));
    tell(actor, { type: 'do', action: () => opened.then(() => Promise.reject(new Error('late crash'))) });
    await allTurns();
    const done = stop(actor);
    open();
    await done;
    expect(await stopped(actor)).toEqual({ kind: 'stopped' });
    expect(test_.crashes).toMatchObject([{ error: { message: 'late crash' } }]);
    expect(afterStop).toHaveBeenCalledTimes(1);
  });

  test('stops a child that the running handler starts after the call', async () => {
    const { opened, open } = gate();
    const children: ActorRef<ListMessage>[] = [];
    const actor = spawn(test_.system, list('list'));
    tell(actor, {
      type: 'do',
      action: async (context) => {
        await opened;
        children.push(spawn(context, { ...list('child'), onStop: () => ({ type: 'crash' }) }));
      },
    });
    await allTurns();
    const done = stop(actor);
    open();
    await done;
    expect(await Promise.all(children.map(stopped))).toEqual([{ kind: 'stopped' }]);
  });
});

describe('a context', () => {
  test('stops the actor after the running handler on stopSelf', async () => {
    const actor = spawn(test_.system, list('list'));
    const after = jest.fn();
    tell(actor, {
      type: 'do',
      action: async ({ stopSelf }) => {
        stopSelf();
        await allTurns();
        after();
      },
    });
    expect(await stopped(actor)).toEqual({ kind: 'stopped' });
    expect(after).toHaveBeenCalledTimes(1);
  });

  test('tells the actor a message after a delay, unless canceled, on scheduleOnce', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const actor = spawn(test_.system, list('list'));
    tell(actor, {
      type: 'do',
      action: ({ scheduleOnce: after }) => {
        after(100, { type: 'add', item: 'told' });
        after(100, { type: 'add', item: 'cancelled' })();
      },
    });
    await allTurns();
    await jest.advanceTimersByTimeAsync(99);
    const get = (replyTo: ActorRef<readonly string[]>): ListMessage & { type: 'get' } => ({ type: 'get', replyTo });
    expect(await ask(actor, get, 1_000)).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(await ask(actor, get, 1_000)).toEqual(['told']);
  });

  test.each(['stop', 'crash'] as const)('clears its timers and aborts its signal at a %s', async (end) => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const signals: AbortSignal[] = [];
    const supervision = { maxRestarts: 0, withinMs: 1, backoffMs: { initial: 1, max: 1 } };
    const actor = spawn(test_.system, list('list', { supervision }));
    tell(actor, {
      type: 'do',
      action: ({ scheduleOnce: after, signal }) => {
        after(100, { type: 'add', item: 'too late' });
        signals.push(signal);
      },
    });
    await allTurns();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    if (end === 'stop') await stop(actor);
    else tell(actor, { type: 'crash' });
    await stopped(actor);
    expect(jest.getTimerCount()).toBe(0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('drops a timer that ends during a stop, without an undelivered message', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const { opened, open } = gate();
    const actor = spawn(test_.system, list('list'));
    tell(actor, {
      type: 'do',
      action: ({ scheduleOnce: after }) => {
        after(100, { type: 'add', item: 'too late' });
        return opened;
      },
    });
    await allTurns();
    const done = stop(actor);
    await jest.advanceTimersByTimeAsync(100);
    open();
    await done;
    expect(test_.system.undeliveredMessages()).toBe(0);
  });

  test('drops the message of a timer that waits when the actor stops, without an undelivered message', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const { opened, open } = gate();
    const actor = spawn(test_.system, list('list'));
    tell(actor, {
      type: 'do',
      action: ({ scheduleOnce: after }) => {
        after(100, { type: 'add', item: 'too late' });
        return opened;
      },
    });
    await allTurns();
    await jest.advanceTimersByTimeAsync(100);
    const done = stop(actor);
    open();
    await done;
    expect(test_.letters).toEqual([]);
  });

  test('drops the message of a timer that is canceled while the message waits', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const { opened, open } = gate();
    const actor = spawn(test_.system, list('list'));
    tell(actor, {
      type: 'do',
      action: async ({ scheduleOnce: after }) => {
        const cancel = after(100, { type: 'add', item: 'canceled' });
        await opened;
        cancel();
      },
    });
    await allTurns();
    await jest.advanceTimersByTimeAsync(100);
    open();
    await allTurns();
    expect(await ask(actor, (replyTo) => ({ type: 'get', replyTo }), 1_000)).toEqual([]);
    expect(test_.letters).toEqual([]);
  });

  test('adds the path of the actor to its log', async () => {
    const actor = spawn(test_.system, list('list'));
    tell(actor, {
      type: 'do',
      action: ({ log }) => {
        log.info('hello', { lines: 3 });
        log.debug('bye');
      },
    });
    await allTurns();
    expect(test_.log).toEqual([
      { level: 'info', message: 'hello', fields: { actor: 'test://list', lines: 3 } },
      { level: 'debug', message: 'bye', fields: { actor: 'test://list' } },
    ]);
  });

  test('refuses a second child of the same name while the first lives', async () => {
    const actor = spawn(test_.system, list('list'));
    expect(() => spawn(test_.system, list('list'))).toThrow('already exists');
    await stop(actor);
    expect(await stopped(actor)).toEqual({ kind: 'stopped' });
    spawn(test_.system, list('list'));
  });
});

describe('the stop of a system', () => {
  test('stops all actors, leaves first, and starts no new ones', async () => {
    const events: string[] = [];
    chain(undefined, events, ['root', 'leaf']);
    await allTurns();
    const done = test_.system.stop(10_000);
    expect(() => spawn(test_.system, list('late'))).toThrow("test is stopping: it cannot start 'late'.");
    await done;
    expect(events).toEqual(['leaf', 'root']);
  });

  test('clears all timers', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const actor = spawn(test_.system, list('list'));
    await ask(actor, (replyTo) => ({ type: 'get', replyTo }), 1_000);
    await allTurns();
    expect(jest.getTimerCount()).toBe(0);
    await test_.system.stop(10_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('abandons descendants of running actors too after its deadline', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const children: ActorRef<ListMessage>[] = [];
    const stuck = spawn(test_.system, list('stuck'));
    tell(stuck, {
      type: 'do',
      action: (context) => {
        children.push(spawn(context, { ...list('child'), onStop: () => ({ type: 'crash' }) }));
        return new Promise(() => undefined);
      },
    });
    await allTurns();
    const failure = expect(test_.system.stop(2_000)).rejects.toMatchObject({ code: 'DRAIN_TIMEOUT' });
    await jest.advanceTimersByTimeAsync(2_000);
    await failure;
    for (const child of children) tell(child, { type: 'add', item: 'too late' });
    expect(test_.letters.map(({ to }) => to)).toEqual(['test://stuck/child']);
  });

  test('names running actors, aborts their signals and abandons them after its deadline', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const signals: AbortSignal[] = [];
    const leaves: ActorRef<ListMessage>[] = [];
    const root = spawn(
      test_.system,
      list('root', {
        initialState: (context) => {
          leaves.push(spawn(context, { ...list('stuck'), onStop: () => ({ type: 'crash' }) }));
          return [];
        },
      }),
    );
    await allTurns();
    for (const leaf of leaves) {
      tell(leaf, {
        type: 'do',
        action: ({ signal }) => {
          signals.push(signal);
          return new Promise(() => undefined);
        },
      });
    }
    await allTurns();
    const failure = expect(test_.system.stop(2_000)).rejects.toMatchObject({
      code: 'DRAIN_TIMEOUT',
      message: 'Still running after 2000 ms: test://root/stuck.',
    });
    await jest.advanceTimersByTimeAsync(2_000);
    await failure;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await stopped(root)).toMatchObject({ kind: 'failed', error: { code: 'DRAIN_TIMEOUT' } });
    tell(root, { type: 'add', item: 'too late' });
    expect(test_.system.undeliveredMessages()).toBe(1);
  });
});
