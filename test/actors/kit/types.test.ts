/** Code that must not compile. `npx tsc --noEmit` checks it: an unused `@ts-expect-error` is an error. */
import { ask, spawn, startSystem, tell, type ActorContext, type ActorRef, type ChildStopped } from '../../../src/kit';

type Message =
  | { readonly type: 'add'; readonly amount: number }
  | { readonly type: 'total'; readonly replyTo: ActorRef<number> }
  | { readonly type: 'name'; readonly replyTo: ActorRef<string> };

/** Compiles only for a value of exactly this type, assignable both ways. */
function exactly<A>(): <B extends A>(value: B, ..._: [A] extends [B] ? [] : [never]) => void {
  return () => undefined;
}

/** Never called: its body is for the compiler. */
export function typesOf(ref: ActorRef<Message>, context: ActorContext<Message | ChildStopped>): void {
  tell(ref, { type: 'add', amount: 1 });
  // @ts-expect-error a type that the protocol does not have
  tell(ref, { type: 'subtract', amount: 1 });
  // @ts-expect-error a field of the wrong type
  tell(ref, { type: 'add', amount: '1' });
  // @ts-expect-error a field too many
  tell(ref, { type: 'add', amount: 1, color: 'red' });
  // @ts-expect-error a field is missing
  tell(ref, { type: 'add' });

  const total = ask(ref, (replyTo) => ({ type: 'total', replyTo }), 1_000);
  exactly<Promise<number>>()(total);
  const name = ask(ref, (replyTo) => ({ type: 'name', replyTo }), 1_000);
  exactly<Promise<string>>()(name);
  const annotated = ask(ref, (replyTo: ActorRef<number>) => ({ type: 'total', replyTo }), 1_000);
  exactly<Promise<number>>()(annotated);
  // @ts-expect-error the total is a number
  const wrong: Promise<string> = ask(ref, (replyTo) => ({ type: 'total', replyTo }), 1_000);
  // @ts-expect-error the protocol answers with a number
  const misread = ask(ref, (replyTo: ActorRef<string>) => ({ type: 'total', replyTo }), 1_000);
  // @ts-expect-error not a question of the protocol
  const unknownQuestion = ask(ref, (replyTo) => ({ type: 'average', replyTo }), 1_000);
  // @ts-expect-error a message, but not a question
  const noQuestion = ask(ref, () => ({ type: 'add', amount: 1 }), 1_000);

  // A reference that accepts more messages may replace one that accepts fewer, never the reverse.
  const less: ActorRef<{ readonly type: 'add'; readonly amount: number }> = ref;
  // @ts-expect-error accepts only 'add'
  const more: ActorRef<Message> = less;
  // Only the kit makes references: nothing else has their type.
  const mayBeForged: { readonly path: string } extends ActorRef<Message> ? true : false = false;

  const child = {
    name: 'child',
    initialState: () => 0,
    receive: (state: number, message: Message) => state + message.type.length,
  };
  const spawned = spawn(context, { ...child, onStop: (stopped) => stopped });
  exactly<ActorRef<Message>>()(spawned);
  // @ts-expect-error a supervisor must define the message about the end of its child
  spawn(context, child);
  // @ts-expect-error not a message of the supervisor
  spawn(context, { ...child, onStop: ({ name: childName }) => ({ type: 'gone', childName }) });
  // @ts-expect-error receive returns another state than initialState
  spawn(startSystem({ name: 'test' }), { ...child, initialState: () => 'zero' });

  context.scheduleOnce(10, { type: 'add', amount: 1 });
  // @ts-expect-error not a message of this actor
  context.scheduleOnce(10, { type: 'subtract' });

  expect([wrong, misread, unknownQuestion, noQuestion, more, mayBeForged]).toBeDefined();
}

test('tsc checks the types', () => expect(typesOf).toBeDefined());
