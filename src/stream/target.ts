/** Where a message goes: to a receiver, or to one address of a receiver that sends to each address by itself. */
export interface Target {
  /** The receiver's name in the configuration: without a slash. */
  readonly receiver: string;
  readonly address: string | null;
}

/** `slack`, or `mail/ops@example.com`. */
export function targetName({ receiver, address }: Target): string {
  return address === null ? receiver : `${receiver}/${address}`;
}

/** Reads what {@link targetName} wrote: an address may hold slashes, a receiver's name holds none. */
export function targetNamed(name: string): Target {
  const slash = name.indexOf('/');
  return slash < 0
    ? { receiver: name, address: null }
    : { receiver: name.slice(0, slash), address: name.slice(slash + 1) };
}
