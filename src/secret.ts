import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A password, key or secret URL. Logs, messages, JSON and inspection show `[secret]`: only a sender that needs the value
 * asks for it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself: never for a message or a log. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
