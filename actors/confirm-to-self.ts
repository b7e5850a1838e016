import { tell, type ActorContext } from '../src/kit';

/** Resolves when the group has confirmed, after this call, that the partition is still assigned to this process. */
export type Confirm = (signal: AbortSignal) => Promise<void>;

export interface ConfirmMessages<M> {
  readonly confirmed: M;
  readonly failed: (error: unknown) => M;
}

/** Waits beside the mailbox, so that the actor can be drained and stopped meanwhile. */
export function confirmToSelf<M>(confirm: Confirm, messages: ConfirmMessages<M>, context: ActorContext<M>): void {
  const deliver = (message: M): void => {
    if (!context.signal.aborted) tell(context.self, message);
  };
  confirm(context.signal).then(
    () => deliver(messages.confirmed),
    (error: unknown) => deliver(messages.failed(error)),
  );
}
