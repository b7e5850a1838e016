/** A message that the rules of a configuration ask for. */
export interface DecidedMessage {
  /** Equal for equal decisions. */
  readonly id: string;
  /** The rule, the group and the occasion: messages of two configurations about the same are compared. */
  readonly about: string;
  /** ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  /** Addresses, and names of other receivers. */
  readonly receivers: readonly string[];
}

export interface MessageChange {
  readonly change: 'appears' | 'disappears' | 'changes';
  /** Null for a message that appears. */
  readonly old: DecidedMessage | null;
  /** Null for a message that disappears. */
  readonly new: DecidedMessage | null;
}

export interface MessageDiff {
  /** In order of time. */
  readonly changes: readonly MessageChange[];
  /** Messages that are equal. */
  readonly same: number;
}

/**
 * Compares the messages that two configurations decide over the same lines. A message of the one belongs to that of the other with the
 * same id; otherwise to the first one about the same whose time overlaps.
 */
export function diffMessages(before: readonly DecidedMessage[], after: readonly DecidedMessage[]): MessageDiff {
  const left = new Map(after.map((message) => [message.id, message]));
  const pairs: [DecidedMessage, DecidedMessage][] = [];
  const unpaired: DecidedMessage[] = [];
  for (const message of before) {
    const other = left.get(message.id);
    if (other === undefined) unpaired.push(message);
    else pairs.push([message, other]);
    left.delete(message.id);
  }
  const gone: MessageChange[] = [];
  for (const message of unpaired) {
    const other = [...left.values()].find((one) => one.about === message.about && overlap(one, message));
    if (other === undefined) gone.push({ change: 'disappears', old: message, new: null });
    else pairs.push([message, other]);
    if (other !== undefined) left.delete(other.id);
  }
  const changed = pairs.filter(([one, other]) => !isSame(one, other));
  const changes: MessageChange[] = [
    ...gone,
    ...changed.map(([old, now]): MessageChange => ({ change: 'changes', old, new: now })),
    ...Array.from(left.values(), (message): MessageChange => ({ change: 'appears', old: null, new: message })),
  ];
  const timeOf = (one: MessageChange): number => Date.parse((one.old ?? one.new)?.from ?? '');
  return { changes: changes.sort((a, b) => timeOf(a) - timeOf(b)), same: pairs.length - changed.length };
}

function overlap(one: DecidedMessage, other: DecidedMessage): boolean {
  return Date.parse(one.from) < Date.parse(other.to) && Date.parse(other.from) < Date.parse(one.to);
}

/** The id is not compared: it follows from the window that opened an incident. */
function isSame(one: DecidedMessage, other: DecidedMessage): boolean {
  const facts = ({ from, to, subject, receivers }: DecidedMessage): string =>
    JSON.stringify([from, to, subject, [...receivers].sort()]);
  return facts(one) === facts(other);
}
