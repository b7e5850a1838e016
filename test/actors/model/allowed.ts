import type { Content } from './contents';
import { allRecords, closedFor, cutShort, denied, forget, look, nothingYet, readRecords } from './source';
import type { Rules, Situation, Stored } from './source';

/** An event of one source. */
export type Happening =
  | { readonly type: 'put'; readonly content: Content }
  | { readonly type: 'deleted' | 'expired' }
  | { readonly type: 'passed'; readonly ms: number };

/** The visible results of a source when everything is idle. */
export interface Seen {
  readonly records: readonly string[];
  readonly quarantine: readonly string[];
  /** True when an object was denied; `quarantine` does not show that. */
  readonly wasDenied?: boolean;
  readonly checkpoint: SeenCheckpoint | null;
}

export interface SeenCheckpoint {
  readonly generation: number;
  readonly size: number;
  readonly isHeld: boolean;
  readonly isEnded: boolean;
  readonly refused: string | null;
  /**
   * With versions 1 for any number of times: an interrupted walk may note it again. Null when a denied version may be gone: the
   * reader may not have checked it.
   */
  readonly possibleGap: number | null;
}

/** The cause of the last checks: a signal for every key, or a listing. */
export type LastLook = 'signals' | 'listing';

/**
 * All states that one source may have. It is checked any number of times between two events, or never: all of it is
 * allowed, and nothing else. The visible results choose among it.
 */
export class Allowed {
  private situations: readonly Situation[] = [nothingYet];
  private happenings: Happening[] = [];
  private stored: Stored = { contents: [], deleted: true, firstKept: 0, now: 0 };

  constructor(private readonly rules: Rules) {}

  happened(happening: Happening): void {
    this.happenings.push(happening);
  }

  /**
   * Everything is idle after the last checks.
   * @returns null when the visible results are allowed; else the nearest that are
   */
  rest(seen: Seen, last: LastLook): readonly Situation[] | null {
    const before = this.stored;
    let situations = this.situations;
    for (const happening of this.happenings) {
      situations = this.mayLook(situations, seen);
      this.stored = after(this.stored, happening);
    }
    situations = this.mayLook(situations, seen);
    situations = situations.flatMap((one) => {
      const isCertain = last === 'signals' || !this.stored.deleted || one.known?.ended === null;
      return isCertain ? look(one, this.stored, this.rules) : [one];
    });
    situations = this.mayLook(situations, seen);
    situations = situations.flatMap((one) => forget(one, this.stored, this.rules));
    const fitting = situations.filter((one) => this.fits(one, seen));
    if (fitting.length === 0) {
      this.stored = before;
      return situations;
    }
    this.situations = fitting;
    this.happenings = [];
    return null;
  }

  describe(situation: Situation): Seen {
    return {
      records: allRecords(situation, this.rules),
      quarantine: situation.quarantine,
      checkpoint: this.checkpointOf(situation),
    };
  }

  /** True when it may be read as a new source while the topic still has its earlier lines: here no retention removes them. */
  get mayBeForgotten(): boolean {
    return this.situations.some(({ isForgotten }) => isForgotten);
  }

  private mayLook(situations: readonly Situation[], seen: Seen): readonly Situation[] {
    const found = new Map<string, Situation>();
    let fresh = situations;
    // Twice: a line that was just read may have been held for too long already.
    for (let i = 0; i <= 2; i++) {
      const next: Situation[] = [];
      for (const one of fresh) {
        const name = nameOf(one);
        if (found.has(name) || !this.mayBecome(one, seen)) continue;
        found.set(name, one);
        for (const looked of look(one, this.stored, this.rules)) {
          next.push(looked, ...closedFor(looked, one, this.rules), ...this.cutShort(one, looked, seen));
        }
        if (seen.wasDenied === true) next.push(...denied(one, this.stored));
        next.push(...forget(one, this.stored, this.rules));
      }
      fresh = next;
    }
    return [...found.values()];
  }

  /** Those that end where a generation ends in the topic: reading would continue any other. */
  private cutShort(before: Situation, looked: Situation, seen: Seen): readonly Situation[] {
    const generation = (record: string | undefined): string | undefined => record?.split(':')[0];
    return cutShort(before, looked, this.rules).filter((one) => {
      const { length } = allRecords(one, this.rules);
      return length === 0 || generation(seen.records[length]) !== generation(seen.records[length - 1]);
    });
  }

  /** Published records are never removed. */
  private mayBecome(situation: Situation, { records }: Seen): boolean {
    const published = allRecords(situation, this.rules);
    return published.length <= records.length && published.every((record, i) => record === records[i]);
  }

  private fits(situation: Situation, seen: Seen): boolean {
    const { records, quarantine, checkpoint } = this.describe(situation);
    if (JSON.stringify(records) !== JSON.stringify(seen.records)) return false;
    // A denied version replaces an earlier quarantine: that object is refused again.
    const isUnsure = seen.checkpoint?.possibleGap === null;
    const refused = (all: readonly string[]): string => JSON.stringify(isUnsure ? [...new Set(all)] : all);
    if (refused(quarantine) !== refused(seen.quarantine)) return false;
    // The size read of an overlong line is unknown.
    const size = situation.known?.whole === false ? { size: seen.checkpoint?.size } : {};
    const possibleGap = isUnsure ? { possibleGap: null } : {};
    return JSON.stringify(checkpoint && { ...checkpoint, ...size, ...possibleGap }) === JSON.stringify(seen.checkpoint);
  }

  private checkpointOf(situation: Situation): SeenCheckpoint | null {
    const { known } = situation;
    if (known === null) return null;
    return {
      generation: known.generation,
      size: known.bytes.length,
      isHeld: readRecords(situation, this.rules).heldFrom < known.bytes.length,
      isEnded: known.ended !== null,
      refused: known.refused === null ? null : `${known.refused.etag} ${known.refused.reason}`,
      possibleGap: this.rules.versioned ? Math.min(1, known.possibleGap) : known.possibleGap,
    };
  }
}

function after(stored: Stored, happening: Happening): Stored {
  switch (happening.type) {
    case 'put':
      return { ...stored, contents: [...stored.contents, happening.content], deleted: false };
    case 'deleted':
      return { ...stored, deleted: true };
    case 'expired':
      return { ...stored, firstKept: stored.contents.length - 1 };
    case 'passed':
      return { ...stored, now: stored.now + happening.ms };
  }
}

function nameOf({ over, quarantine, known }: Situation): string {
  if (known === null) return JSON.stringify([over.length, quarantine]);
  const { bytes, ...others } = known;
  return JSON.stringify([over.length, quarantine, bytes.toString('latin1'), others]);
}
