import fc from 'fast-check';
import { ask, spawn, stop, stopped, tell, type ActorRef, type ChildStopped, type Supervision } from '../../../src/kit';
import { decideRestart } from '../../../src/kit/supervision';
import { allTurns, gate, list, startTestSystem, type ListMessage, type TestSystem } from './harness';

const supervision: Supervision = { maxRestarts: 2, withinMs: 10_000, backoffMs: { initial: 100, max: 1_000 } };

let test_: TestSystem;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  test_ = startTestSystem();
});
afterEach(async () => {
  jest.useRealTimers();
  await test_.system.stop(1_000);
});

/** Lets a crash happen and its back-off elapse. */
async function backOff(ms: number): Promise<void> {
  await allTurns();
  await jest.advanceTimersByTimeAsync(ms);
}

const items = (actor: ActorRef<ListMessage>): Promise<readonly string[]> =>
  ask(actor, (replyTo) => ({ type: 'get', replyTo }), 60_000);

describe('a crashed actor', () => {
  test('handles nothing while it backs off, then the waiting messages in order with a fresh state', async () => {
    const initialState = jest.fn((): readonly string[] => []);
    const actor = spawn(test_.system, list('list', { supervision, initialState }));
    tell(actor, { type: 'add', item: 'lost with the state' });
    tell(actor, { type: 'crash' });
    tell(actor, { type: 'add', item: 'a' });
    await allTurns();
    tell(actor, { type: 'add', item: 'b' });
    const answered = jest.fn();
    const answer = items(actor).finally(answered);
    await jest.advanceTimersByTimeAsync(99);
    await allTurns();
    expect(initialState).toHaveBeenCalledTimes(1);
    expect(answered).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(await answer).toEqual(['a', 'b']);
    expect(initialState).toHaveBeenCalledTimes(2);
  });

  test('stops at its first crash when the supervision gives up on the error', async () => {
    const error = new Error('needs a person');
    const givesUpOn = (thrown: Error): boolean => thrown === error;
    const actor = spawn(test_.system, list('list', { supervision: { ...supervision, givesUpOn } }));
    tell(actor, { type: 'crash', error });
    expect(await stopped(actor)).toEqual({ kind: 'failed', error });
    expect(test_.crashes.map(({ restartInMs }) => restartInMs)).toEqual([null]);
  });

  test('reports the failing message once, to the hook in full and to the log by its type', async () => {
    const error = new Error('broken');
    const actor = spawn(test_.system, list('list', { supervision }));
    tell(actor, { type: 'crash', error });
    await allTurns();
    expect(test_.crashes).toEqual([
      { path: 'test://list', message: { type: 'crash', error }, error, restartInMs: 100, gaveUp: false },
    ]);
    expect(test_.log).toEqual([
      {
        level: 'error',
        message: 'actor crashed',
        fields: { actor: 'test://list', type: 'crash', error, restartInMs: 100 },
      },
    ]);
  });

  test('waits twice as long before each restart', async () => {
    const initialState = jest.fn((): readonly string[] => []);
    const actor = spawn(test_.system, list('list', { supervision, initialState }));
    tell(actor, { type: 'crash' });
    tell(actor, { type: 'crash' });
    await allTurns();
    await jest.advanceTimersByTimeAsync(100);
    await allTurns();
    expect(initialState).toHaveBeenCalledTimes(2);
    await jest.advanceTimersByTimeAsync(199);
    await allTurns();
    expect(initialState).toHaveBeenCalledTimes(2);
    await jest.advanceTimersByTimeAsync(1);
    await allTurns();
    expect(initialState).toHaveBeenCalledTimes(3);
  });

  test('stops when its restart budget is used up; waiting messages become undelivered', async () => {
    const error = new Error('broken');
    const actor = spawn(test_.system, list('list', { supervision }));
    for (let n = 0; n < 3; n++) tell(actor, { type: 'crash', error });
    tell(actor, { type: 'add', item: 'late' });
    await backOff(100);
    await backOff(200);
    expect(await stopped(actor)).toEqual({ kind: 'failed', error });
    expect(test_.crashes).toHaveLength(3);
    expect(test_.letters).toEqual([{ to: 'test://list', message: { type: 'add', item: 'late' } }]);
  });

  test('continues to drive itself, because initialState may tell it its first message', async () => {
    let runs = 0;
    const { opened, open } = gate();
    spawn<'next', number>(test_.system, {
      name: 'loop',
      supervision,
      initialState: ({ self }) => {
        tell(self, 'next');
        return 0;
      },
      receive: (state) => {
        if (++runs === 1) throw new Error('first run');
        open();
        return state;
      },
    });
    await allTurns();
    await jest.advanceTimersByTimeAsync(100);
    await opened;
    expect(runs).toBe(2);
  });

  test('counts a failing initialState as a crash, at the start and at a restart', async () => {
    const error = new Error('no state');
    const receive = jest.fn<number, [number, 'go']>((state) => state);
    const initialState = jest.fn((): Promise<number> => Promise.reject(error));
    const actor = spawn(test_.system, { name: 'broken', supervision, initialState, receive });
    tell(actor, 'go');
    await backOff(100);
    await backOff(200);
    expect(await stopped(actor)).toEqual({ kind: 'failed', error });
    expect(initialState).toHaveBeenCalledTimes(3);
    expect(receive).not.toHaveBeenCalled();
    const crash = { path: 'test://broken', message: undefined, error };
    expect(test_.crashes).toEqual(
      [100, 200, null].map((restartInMs) => ({ ...crash, restartInMs, gaveUp: restartInMs === null })),
    );
  });

  test('keeps messages waiting until an asynchronous initialState is ready', async () => {
    const { opened, open } = gate();
    const actor = spawn(
      test_.system,
      list('list', { initialState: () => opened.then((): readonly string[] => ['loaded']) }),
    );
    const answer = items(actor);
    await allTurns();
    open();
    expect(await answer).toEqual(['loaded']);
  });

  test('releases its state and stops its children before it starts again', async () => {
    const events: string[] = [];
    const actor = spawn(
      test_.system,
      list('parent', {
        supervision,
        initialState: (context) => {
          events.push('parent starts');
          const afterStop = (): unknown => events.push('child stops');
          spawn(context, { ...list('child', { afterStop }), onStop: () => ({ type: 'add', item: 'child stopped' }) });
          return ['opened'];
        },
        afterStop: (state) => events.push(`parent releases ${state.join()}`),
      }),
    );
    tell(actor, { type: 'crash' });
    await allTurns();
    await jest.advanceTimersByTimeAsync(100);
    expect(await items(actor)).toEqual(['opened']); // without 'child stopped'
    expect(events).toEqual(['parent starts', 'child stops', 'parent releases opened', 'parent starts']);
  });

  test('ends the back-off at once when stopped', async () => {
    const initialState = jest.fn((): readonly string[] => []);
    const actor = spawn(test_.system, list('list', { supervision, initialState }));
    tell(actor, { type: 'crash' });
    tell(actor, { type: 'add', item: 'waits' });
    await allTurns();
    await stop(actor);
    expect(initialState).toHaveBeenCalledTimes(1);
    expect(test_.letters).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a handler that never settles', () => {
  test('crashes with HANDLER_TIMEOUT after its deadline and an aborted signal, and then handles the next message', async () => {
    let aborted: boolean | undefined;
    const actor = spawn(test_.system, list('list', { supervision, deadlineMs: 5_000 }));
    const never = new Promise<void>(() => undefined);
    tell(actor, {
      type: 'do',
      action: ({ signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        return never;
      },
    });
    tell(actor, { type: 'add', item: 'next' });
    await allTurns();
    await jest.advanceTimersByTimeAsync(4_999);
    expect(test_.crashes).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await allTurns();
    expect(aborted).toBe(true);
    expect(test_.crashes).toMatchObject([{ error: { code: 'HANDLER_TIMEOUT' }, message: { type: 'do' } }]);
    await jest.advanceTimersByTimeAsync(100);
    expect(await items(actor)).toEqual(['next']);
  });

  test('crashes likewise when it is initialState', async () => {
    const starts: Promise<readonly string[]>[] = [new Promise(() => undefined)];
    const initialState = (): Promise<readonly string[]> => starts.shift() ?? Promise.resolve(['second start']);
    const actor = spawn(test_.system, list('list', { supervision, deadlineMs: 5_000, initialState }));
    await allTurns();
    await jest.advanceTimersByTimeAsync(5_100);
    expect(await items(actor)).toEqual(['second start']);
    expect(test_.crashes).toMatchObject([{ error: { code: 'HANDLER_TIMEOUT' }, message: undefined }]);
  });

  test('has no effect when it settles after its deadline', async () => {
    const { opened, open } = gate();
    const spawned = jest.fn();
    const actor = spawn(test_.system, list('list', { supervision, deadlineMs: 5_000 }));
    tell(actor, {
      type: 'do',
      action: async (context) => {
        await opened;
        context.scheduleOnce(1, { type: 'add', item: 'from the dead' });
        context.stopSelf();
        spawn(context, { ...list('child'), onStop: () => ({ type: 'crash' }) });
        spawned();
      },
    });
    await allTurns();
    await jest.advanceTimersByTimeAsync(5_100);
    open();
    await allTurns();
    await jest.advanceTimersByTimeAsync(10);
    expect(await items(actor)).toEqual([]);
    expect(test_.letters).toEqual([{ to: 'test://list', message: { type: 'add', item: 'from the dead' } }]);
    expect(spawned).not.toHaveBeenCalled();
    expect(test_.crashes).toHaveLength(1);
  });
});

describe('a supervisor', () => {
  type ParentMessage = ChildStopped | { readonly type: 'get'; readonly replyTo: ActorRef<readonly ChildStopped[]> };

  test('receives a message when a child has failed or stopped, once the name is free again', async () => {
    const error = new Error('broken');
    const children: ActorRef<ListMessage>[] = [];
    const parent = spawn<ParentMessage, readonly ChildStopped[]>(test_.system, {
      name: 'parent',
      initialState: (context) => {
        for (const name of ['fails', 'stops']) {
          const child = list(name, { supervision: { ...supervision, maxRestarts: 0 } });
          children.push(spawn(context, { ...child, onStop: (event) => event }));
        }
        return [];
      },
      receive: (state, message, context) => {
        if (message.type === 'childStopped') {
          spawn(context, { ...list(message.name), onStop: (event) => event });
          return [...state, message];
        }
        tell(message.replyTo, state);
        return state;
      },
    });
    await allTurns();
    const [fails, stops] = children;
    if (!fails || !stops) throw new Error('two children expected');
    tell(fails, { type: 'crash', error });
    await stopped(fails);
    await stop(stops);
    expect(await ask(parent, (replyTo) => ({ type: 'get', replyTo }), 1_000)).toEqual([
      { type: 'childStopped', name: 'fails', outcome: { kind: 'failed', error } },
      { type: 'childStopped', name: 'stops', outcome: { kind: 'stopped' } },
    ]);
    expect(test_.crashes).toHaveLength(1);
  });

  test('receives no message about children that it stops by stopping itself', async () => {
    const onStop = jest.fn((): ListMessage => ({ type: 'add', item: 'child stopped' }));
    const parent = spawn(
      test_.system,
      list('parent', {
        initialState: (context) => {
          spawn(context, { ...list('child'), onStop });
          return [];
        },
      }),
    );
    await allTurns();
    await stop(parent);
    expect(onStop).not.toHaveBeenCalled();
    expect(test_.system.undeliveredMessages()).toBe(0);
  });

  test('receives no message about a child that stops while it must stop itself', async () => {
    const parent = spawn(test_.system, list('parent'));
    const { opened, open } = gate();
    tell(parent, {
      type: 'do',
      action: async (context) => {
        await opened;
        await stop(spawn(context, { ...list('child'), onStop: () => ({ type: 'add', item: 'child stopped' }) }));
      },
    });
    await allTurns();
    const done = stop(parent);
    open();
    await done;
    expect(test_.letters).toEqual([]);
  });

  test('logs an onStop or onCrash that throws', async () => {
    const loud = startTestSystem({
      onCrash: () => {
        throw new Error('hook');
      },
    });
    const parent = spawn(loud.system, list('parent'));
    tell(parent, {
      type: 'do',
      action: async (context) => {
        const child = spawn(context, {
          ...list('child', { supervision: { ...supervision, maxRestarts: 0 } }),
          onStop: () => {
            throw new Error('hook');
          },
        });
        tell(child, { type: 'crash' });
        await stopped(child);
      },
    });
    expect(await items(parent)).toEqual([]);
    expect(loud.log.map(({ message }) => message)).toEqual(['actor crashed', 'onCrash failed', 'onStop failed']);
    await loud.system.stop(1_000);
  });
});

describe('decideRestart', () => {
  test.each([
    ['the first crash', [], 0, { kind: 'restart', delayMs: 100, restarts: [0] }],
    ['the second', [0], 500, { kind: 'restart', delayMs: 200, restarts: [0, 500] }],
    ['one too many', [0, 500], 9_999, { kind: 'giveUp' }],
    [
      'one when the first restart has left the window',
      [0, 500],
      10_000,
      { kind: 'restart', delayMs: 200, restarts: [500, 10_000] },
    ],
  ] as const)('%s', (_name, restarts, now, expected) => {
    expect(decideRestart(supervision, restarts, now)).toEqual(expected);
  });

  test('doubles the wait up to its maximum', () => {
    const policy = { ...supervision, maxRestarts: 10 };
    expect(decideRestart(policy, [1, 2, 3, 4], 5)).toMatchObject({ delayMs: 1_000 });
  });

  test('never grants more than maxRestarts within any window', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 60 }), (gaps) => {
        let now = 0;
        let restarts: readonly number[] = [];
        const granted: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const decision = decideRestart(supervision, restarts, now);
          if (decision.kind === 'giveUp') continue;
          restarts = decision.restarts;
          granted.push(now);
        }
        for (const at of granted) {
          const inWindow = granted.filter((other) => other >= at && other < at + supervision.withinMs);
          expect(inWindow.length).toBeLessThanOrEqual(supervision.maxRestarts);
        }
      }),
    );
  });
});
