import type { Content } from './contents';
import { allRecords, closedFor, cutShort, denied, forget, look, nothingYet, readRecords } from './source';
import type { Rules, Situation, Stored } from './source';

/** What happened to one source. */
export type Happening =
  | { readonly type: 'put'; readonly content: Content }
  | { readonly type: 'deleted' | 'expired' }
  | { readonly type: 'passed'; readonly ms: number };

/** What is to be seen of a source when everything has come to rest. */
export interface Seen {
  readonly records: readonly string[];
  readonly quarantine: readonly string[];
  /** Was there an object that might not be read? `quarantine` does not say so. */
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
   * With versions 1 for any number of times: a walk that is broken off may note it once more. Null where a version that
   * could not be read may be gone: nobody knows whether it was looked for.
   */
  readonly possibleGap: number | null;
}

/** What made somebody look at last: a signal for every key, or what a listing gives reason to. */
export type LastLook = 'hints' | 'listing';

/**
 * Everything that may be so of one source. It is looked at any number of times between two happenings, or never: all of it is
 * allowed, and nothing else. What is to be seen in the end chooses among it.
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
   * Everything has come to rest, after somebody has looked at last.
   * @returns null when what is seen is allowed; else the nearest that would be
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
      const isCertain = last === 'hints' || !this.stored.deleted || one.known?.ended === null;
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

  /** Is it read as a new one, although the topic still has the lines of before? Here nothing removes them. */
  get mayBeForgotten(): boolean {
    return this.situations.some(({ isForgotten }) => isForgotten);
  }

  private mayLook(situations: readonly Situation[], seen: Seen): readonly Situation[] {
    const found = new Map<string, Situation>();
    let fresh = situations;
    // Twice: what was just read may have waited for too long already.
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

  /** Those that end where a generation ends in the topic: any other would be gone on with. */
  private cutShort(before: Situation, looked: Situation, seen: Seen): readonly Situation[] {
    const generation = (record: string | undefined): string | undefined => record?.split(':')[0];
    return cutShort(before, looked, this.rules).filter((one) => {
      const { length } = allRecords(one, this.rules);
      return length === 0 || generation(seen.records[length]) !== generation(seen.records[length - 1]);
    });
  }

  /** Nothing that was published is ever taken back. */
  private mayBecome(situation: Situation, { records }: Seen): boolean {
    const published = allRecords(situation, this.rules);
    return published.length <= records.length && published.every((record, i) => record === records[i]);
  }

  private fits(situation: Situation, seen: Seen): boolean {
    const { records, quarantine, checkpoint } = this.describe(situation);
    if (JSON.stringify(records) !== JSON.stringify(seen.records)) return false;
    // A denied version makes forget one that was refused before it: that one is refused once more.
    const isUnsure = seen.checkpoint?.possibleGap === null;
    const refused = (all: readonly string[]): string => JSON.stringify(isUnsure ? [...new Set(all)] : all);
    if (refused(quarantine) !== refused(seen.quarantine)) return false;
    // Nobody knows how much of a line was read that was too long.
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
  const { bytes, earlier, ...others } = known;
  return JSON.stringify([over.length, quarantine, bytes.toString('latin1'), earlier?.time, others]);
}
