import { allTurns } from './kit/harness';

/** Waits, turn by turn of the event loop, until something in this process has come true. */
export async function turnsUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await allTurns();
}
