import type { EventLogProblem } from './ports/event-log';

/** The events that decide the health of a program. Times are monotonic milliseconds. */
export type HealthEvent =
  /** All parts were begun. */
  | { readonly type: 'started' }
  /** The parts that wait for `telltale reset` or `telltale repair`, by name, with the reason. */
  | { readonly type: 'held'; readonly parts: ReadonlyMap<string, string> }
  | {
      readonly type: 'crashed';
      readonly part: string;
      readonly problem: string;
      /** True for an outage: it passes, and a restart of the program does not help. */
      readonly passes: boolean;
      /** False when the part has stopped permanently. */
      readonly restarts: boolean;
      readonly at: number;
    }
  /** The event log is damaged, as this sentence says. It stays so until a repair, which needs a stop. */
  | { readonly type: 'damaged'; readonly problem: string }
  /** The event log waits for these at present. */
  | { readonly type: 'waits'; readonly problems: readonly EventLogProblem[] };

interface Crash {
  readonly problem: string;
  readonly passes: boolean;
  readonly at: number;
}

export interface Health {
  readonly hasStarted: boolean;
  readonly held: ReadonlyMap<string, string>;
  /** The crashes of each part within the last `REMEMBERED_MS`. */
  readonly crashes: ReadonlyMap<string, readonly Crash[]>;
  /** The parts that have stopped permanently. */
  readonly dead: ReadonlyMap<string, string>;
  readonly waits: readonly EventLogProblem[];
  /** Null while no damage is known. */
  readonly damage: string | null;
}

export const initialHealth: Health = {
  hasStarted: false,
  held: new Map(),
  crashes: new Map(),
  dead: new Map(),
  waits: [],
  damage: null,
};

const REMEMBERED_MS = 10 * 60_000;
/** A part without a crash for this long works again. The longest pause before a restart is 10 s. */
const CALM_MS = 60_000;
/** From this number of crashes on, the part does not do its work. */
const AGAIN_AND_AGAIN = 2;
/** From this number on, restarts do not help. */
const CRASH_LOOP = 5;

export function foldHealth(health: Health, event: HealthEvent): Health {
  switch (event.type) {
    case 'started':
      return { ...health, hasStarted: true };
    case 'held':
      return { ...health, held: new Map(event.parts) };
    case 'waits':
      return { ...health, waits: event.problems };
    case 'damaged':
      return { ...health, damage: event.problem };
    case 'crashed': {
      const { part, problem, passes, restarts, at } = event;
      if (!restarts) return { ...health, dead: new Map([...health.dead, [part, problem]]) };
      const recent = (health.crashes.get(part) ?? []).filter((crash) => at - crash.at < REMEMBERED_MS);
      return { ...health, crashes: new Map([...health.crashes, [part, [...recent, { problem, passes, at }]]]) };
    }
  }
}

/** Why the program does not do all of its work, one sentence each (`/readyz`). */
export function notReady(health: Health, now: number): string[] {
  const held = Array.from(health.held, ([part, problem]) => `${part} is held: ${problem}`);
  const restarting = crashing(health, now, AGAIN_AND_AGAIN).map(
    ({ part, count, last }) => `${part} has restarted ${count} times in 10 minutes: ${last.problem}`,
  );
  const waits = health.waits.map(({ problem }) => problem);
  const damage = health.damage === null ? [] : [health.damage];
  return [...(health.hasStarted ? [] : ['it starts']), ...damage, ...held, ...dead(health), ...restarting, ...waits];
}

/** Why only a restart of the program may help (`/livez`): neither an outage nor a held part is a reason. */
export function notAlive(health: Health, now: number): string[] {
  const looping = crashing(health, now, CRASH_LOOP).filter(({ last }) => !last.passes);
  const sentences = looping.map(({ part, last }) => `${part} crashes again and again: ${last.problem}`);
  return [...dead(health), ...sentences];
}

function dead(health: Health): string[] {
  return Array.from(health.dead, ([part, problem]) => `${part} has stopped: ${problem}`);
}

function crashing(
  { crashes }: Health,
  now: number,
  atLeast: number,
): { readonly part: string; readonly count: number; readonly last: Crash }[] {
  return Array.from(crashes).flatMap(([part, all]) => {
    const recent = all.filter(({ at }) => now - at < REMEMBERED_MS);
    const last = recent.at(-1);
    const isOver = last === undefined || now - last.at >= CALM_MS;
    return isOver || recent.length < atLeast ? [] : [{ part, count: recent.length, last }];
  });
}
