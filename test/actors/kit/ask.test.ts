import { ask, spawn, stop, stopped, tell, type ActorRef } from '../../../src/kit';
import { allTurns, gate, list, startTestSystem, type TestSystem } from './harness';

let test_: TestSystem;
beforeEach(() => (test_ = startTestSystem()));
afterEach(() => test_.system.stop(1_000));

type GetMessage = { readonly type: 'get'; readonly replyTo: ActorRef<readonly string[]> };
const get = (replyTo: ActorRef<readonly string[]>): GetMessage => ({ type: 'get', replyTo });

describe('tell and ask', () => {
  test('handles messages one at a time, in the order of tell', async () => {
    const actor = spawn(test_.system, list('list'));
    for (const item of ['a', 'b', 'c']) tell(actor, { type: 'add', item });
    expect(await ask(actor, get, 1_000)).toEqual(['a', 'b', 'c']);
  });

  test('accepts a reply after the handler, from any actor', async () => {
    const waiting: ActorRef<string>[] = [];
    const actor = spawn(test_.system, {
      name: 'late',
      initialState: () => 0,
      receive: (state: number, message: { readonly type: 'get'; readonly replyTo: ActorRef<string> }) => {
        waiting.push(message.replyTo);
        return state;
      },
    });
    const answer = ask(actor, (replyTo) => ({ type: 'get', replyTo }), 1_000);
    await allTurns();
    for (const replyTo of waiting) tell(replyTo, 'hello');
    expect(await answer).toBe('hello');
  });

  test('fails with ASK_TIMEOUT without an answer in time; the late answer is undelivered', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const { opened, open } = gate();
      const actor = spawn(test_.system, list('list'));
      tell(actor, { type: 'wait', until: opened });
      const answer = ask(actor, get, 500);
      const failure = expect(answer).rejects.toMatchObject({
        code: 'ASK_TIMEOUT',
        message: "test://list did not answer 'get' within 500 ms.",
      });
      await jest.advanceTimersByTimeAsync(499);
      expect(test_.system.undeliveredMessages()).toBe(0);
      await jest.advanceTimersByTimeAsync(1);
      await failure;
      open();
      await allTurns();
      expect(test_.letters).toEqual([{ to: 'test://list?reply', message: [] }]);
    } finally {
      jest.useRealTimers();
    }
  });

  test('accepts only the first answer; a second one is undelivered', async () => {
    const actor = spawn(test_.system, {
      name: 'twice',
      initialState: () => 0,
      receive: (state: number, { replyTo }: { readonly type: 'get'; readonly replyTo: ActorRef<number> }) => {
        tell(replyTo, 1);
        tell(replyTo, 2);
        return state;
      },
    });
    expect(await ask(actor, (replyTo) => ({ type: 'get', replyTo }), 1_000)).toBe(1);
    expect(test_.letters).toEqual([{ to: 'test://twice?reply', message: 2 }]);
  });

  test('fails at once with ACTOR_STOPPED when the actor has stopped', async () => {
    const actor = spawn(test_.system, list('list'));
    await stop(actor);
    await expect(ask(actor, get, 2 ** 31 - 1)).rejects.toMatchObject({ code: 'ACTOR_STOPPED' });
  });

  test('fails with ACTOR_STOPPED when the actor stops before it handles the question', async () => {
    const { opened, open } = gate();
    const actor = spawn(test_.system, list('list'));
    tell(actor, { type: 'wait', until: opened });
    const failure = expect(ask(actor, get, 2 ** 31 - 1)).rejects.toMatchObject({ code: 'ACTOR_STOPPED' });
    const done = stop(actor);
    open();
    await Promise.all([failure, done]);
  });

  test('fails with ACTOR_STOPPED when the actor stops after it handled the question without an answer', async () => {
    const actor = spawn(test_.system, {
      name: 'silent',
      initialState: () => 0,
      receive: (state: number, _: { readonly type: 'get'; readonly replyTo: ActorRef<number> }, context) => {
        context.stopSelf();
        return state;
      },
    });
    const answer = ask(actor, (replyTo) => ({ type: 'get', replyTo }), 2 ** 31 - 1);
    await expect(answer).rejects.toMatchObject({ code: 'ACTOR_STOPPED' });
  });

  test('fails a question taken by an earlier handler when the actor crashes, but not a waiting one', async () => {
    type Keep = { readonly type: 'keep'; readonly replyTo: ActorRef<string> };
    const broken = new Error('broken');
    const actor = spawn<Keep | GetMessage | 'crash', number>(test_.system, {
      name: 'keeps',
      supervision: { maxRestarts: 1, withinMs: 1_000, backoffMs: { initial: 1, max: 1 } },
      initialState: () => 0,
      receive: (state, message) => {
        if (message === 'crash') throw broken;
        if (message.type === 'get') tell(message.replyTo, ['answered']);
        return state;
      },
    });
    const kept = ask(actor, (replyTo) => ({ type: 'keep', replyTo }), 2 ** 31 - 1);
    tell(actor, 'crash');
    const waits = ask(actor, get, 1_000);
    await expect(kept).rejects.toBe(broken);
    expect(await waits).toEqual(['answered']);
  });

  test('fails with the thrown error when the handler crashes', async () => {
    const broken = new Error('broken');
    const actor = spawn(test_.system, {
      name: 'broken',
      initialState: () => 0,
      receive: (_: number, message: { readonly type: 'get'; readonly replyTo: ActorRef<number> }): number => {
        throw Object.assign(broken, { asked: message.type });
      },
    });
    await expect(ask(actor, (replyTo) => ({ type: 'get', replyTo }), 2 ** 31 - 1)).rejects.toBe(broken);
  });
});

describe('undelivered messages', () => {
  test('are counted and logged by their type, without content', async () => {
    const actor = spawn(test_.system, list('list'));
    await stop(actor);
    tell(actor, { type: 'add', item: 'secret' });
    expect(test_.system.undeliveredMessages()).toBe(1);
    expect(test_.letters).toEqual([{ to: 'test://list', message: { type: 'add', item: 'secret' } }]);
    expect(test_.log).toEqual([
      { level: 'warn', message: 'message undelivered', fields: { actor: 'test://list', type: 'add' } },
    ]);
  });

  test('do not reach a later actor of the same name', async () => {
    const first = spawn(test_.system, list('list'));
    await stop(first);
    const second = spawn(test_.system, list('list'));
    tell(first, { type: 'add', item: 'for the first' });
    expect(await ask(second, get, 1_000)).toEqual([]);
    expect(test_.system.undeliveredMessages()).toBe(1);
  });

  test('are separate for systems of the same name', async () => {
    const other = startTestSystem();
    const actor = spawn(test_.system, list('list'));
    const otherActor = spawn(other.system, list('list'));
    tell(actor, { type: 'add', item: 'here' });
    expect(await ask(actor, get, 1_000)).toEqual(['here']);
    await other.system.stop(1_000);
    expect(await stopped(otherActor)).toEqual({ kind: 'stopped' });
    expect(await ask(actor, get, 1_000)).toEqual(['here']);
  });

  test('log an error of their hook', async () => {
    const loud = startTestSystem({
      onUndelivered: () => {
        throw new Error('hook');
      },
    });
    const actor = spawn(loud.system, list('list'));
    await stop(actor);
    tell(actor, { type: 'add', item: 'a' });
    expect(loud.log.map(({ message }) => message)).toEqual(['message undelivered', 'onUndelivered failed']);
    await loud.system.stop(1_000);
  });
});

test('a reference shows its path and nothing else', () => {
  const actor = spawn(test_.system, list('list'));
  expect(JSON.stringify({ actor })).toBe('{"actor":{"path":"test://list"}}');
  expect(String(actor)).toBe('test://list');
});
