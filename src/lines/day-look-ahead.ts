import { DaySurvey, needsSurvey, type SurveyContext } from './day-survey';
import type { ReadingState } from './reading-state';
import { createScanner, type LineScanner, type ScanContext, type ScanPosition } from './scanner';
import type { DayPlan } from './time-of-day';
import { dayMs } from './timestamps';
import { latestWall, zoneNamed } from './zones';

/** The bytes to be scanned, and how to get them again. */
export interface PartBytes {
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes before the first one to be scanned. */
  readonly skip: number;
  /** Opens them a second time; null when that is impossible. */
  readonly reopen: (() => AsyncIterable<Buffer>) | null;
  /** At most this many bytes, and one chunk, are kept in memory; more are read twice. */
  readonly maxKeptBytes: number;
  /** The scan publishes an unterminated last line, too. */
  readonly flush: boolean;
}

/** The same bytes, and the dates of their lines. */
export interface DatedPart {
  readonly dayPlan: DayPlan | null;
  readonly chunks: AsyncIterable<Buffer>;
}

/** So much of the first chunk shows whether the lines of a new source have dates. */
const firstLookBytes = 4096;
/** A new source without a record in as many bytes is not looked through. */
const firstRecordBytes = 1024 * 1024;

/**
 * Looks through the lines to be read, when their dates depend on the last of them: time-only lines of a source that was
 * silent, or is new. All others, and new sources whose first record has a date, are not read twice.
 */
export class DayLookAhead {
  private readonly look: { readonly survey: DaySurvey; readonly scanner: LineScanner } | null;
  private readonly iterator: AsyncIterator<Buffer>;
  private kept: Buffer[] | null = [];
  private keptBytes = 0;
  private toSkip: number;

  /** @throws CONFIG when the zone is unknown */
  constructor(
    context: ScanContext,
    private readonly start: ScanPosition,
    private readonly bytes: PartBytes,
  ) {
    const { reading } = start;
    const facts = surveyContext(context, reading);
    if (needsSurvey(facts, reading)) {
      const survey = new DaySurvey(facts, reading);
      this.look = { survey, scanner: createScanner(context, start, survey) };
    } else {
      this.look = null;
    }
    this.toSkip = bytes.skip;
    this.iterator = bytes.chunks[Symbol.asyncIterator]();
  }

  /** Takes at most one chunk; null until it has seen enough. */
  async next(): Promise<DatedPart | null> {
    const { look, bytes } = this;
    if (look === null) return { dayPlan: null, chunks: this.rest([]) };
    const { survey, scanner } = look;
    const chunk = await this.iterator.next();
    if (chunk.done === true) {
      if (bytes.flush) scanner.finish();
      return this.part(survey);
    }
    this.kept?.push(chunk.value);
    this.keptBytes += chunk.value.length;
    const wanted = chunk.value.subarray(Math.min(this.toSkip, chunk.value.length));
    this.toSkip -= chunk.value.length - wanted.length;
    if (this.hasEnough(wanted, survey, scanner)) return this.part(survey);
    if (this.keptBytes > bytes.maxKeptBytes && bytes.reopen !== null) this.kept = null;
    return null;
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private hasEnough(chunk: Buffer, survey: DaySurvey, scanner: LineScanner): boolean {
    const { start, bytes, keptBytes } = this;
    const isNew = start.reading.day === null;
    for (let from = 0, to = firstLookBytes; from < chunk.length; from = to, to *= 2) {
      const batches = scanner.push(chunk.subarray(from, to));
      if (isNew && survey.isEmpty && batches.some(({ reading }) => reading.record !== null)) return true;
    }
    if (isNew && survey.isEmpty && keptBytes > Math.min(firstRecordBytes, bytes.maxKeptBytes)) return true;
    return bytes.reopen === null && keptBytes > bytes.maxKeptBytes;
  }

  private async part(survey: DaySurvey): Promise<DatedPart> {
    const dayPlan = survey.plan();
    if (this.kept !== null || this.bytes.reopen === null) return { dayPlan, chunks: this.rest(this.kept ?? []) };
    await this.close();
    return { dayPlan, chunks: this.bytes.reopen() };
  }

  private async *rest(kept: Buffer[]): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let chunk = kept.shift(); chunk !== undefined; chunk = kept.shift()) yield chunk;
      for (let next = await this.iterator.next(); next.done !== true; next = await this.iterator.next())
        yield next.value;
    } finally {
      await this.close();
    }
  }
}

/** Looks through the lines to be read at once. */
export async function datedPart(context: ScanContext, start: ScanPosition, bytes: PartBytes): Promise<DatedPart> {
  const lookAhead = new DayLookAhead(context, start, bytes);
  for (;;) {
    const part = await lookAhead.next();
    if (part !== null) return part;
  }
}

/** Dates the held bytes of a source, which are all that is left of it. */
export function dayPlanOf(context: ScanContext, start: ScanPosition): DayPlan | null {
  const facts = surveyContext(context, start.reading);
  if (!needsSurvey(facts, start.reading)) return null;
  const survey = new DaySurvey(facts, start.reading);
  createScanner(context, start, survey).finish();
  return survey.plan();
}

function surveyContext(context: ScanContext, { uploaded }: ReadingState): SurveyContext {
  const { fileDay, lastModified, maxFutureSkew } = context;
  const zone = zoneNamed(context.zone);
  const uploadedBefore = uploaded === null || uploaded > lastModified ? null : zone.toWall(uploaded);
  // Wall times, because 24 h in which the clock is set forward span 25 h of them: some times of day come twice.
  const isRecent = uploadedBefore !== null && latestWall(zone, lastModified) - uploadedBefore <= dayMs;
  return {
    fileDay,
    lastModified,
    latest: latestWall(zone, lastModified + maxFutureSkew),
    uploadedBefore: isRecent ? uploadedBefore : null,
  };
}
