import { DateOrderFinder } from './date-order';
import { YearFinder, maxYearlessAheadMs } from './dates';
import type { DateOrder, ReadingState } from './reading-state';
import { DayFinder, type DayPlan, type DayState, type TimeOfDayReader } from './time-of-day';
import { TimestampKind, type Timestamp } from './timestamps';
import { instantOf, latestWall, zoneNamed, type Zone } from './zones';

/** Facts about a source that date its timestamps; see `ReadingContext`. */
interface TimesContext {
  readonly fileDay: number | null;
  readonly lastModified: number;
  readonly zone: string;
  readonly maxFutureSkew: number;
  readonly dayPlan?: DayPlan | null;
}

/** Makes instants of timestamps: finds the date, the year, the order of a date, and the zone, where they name none. */
export class EventTimes {
  readonly days: TimeOfDayReader;
  private readonly zone: Zone;
  private readonly years: YearFinder;
  private readonly dates: DateOrderFinder;
  private readonly lastModified: number;

  /**
   * @param survey reads the time-only timestamps instead
   * @throws CONFIG when the zone is unknown
   */
  constructor(context: TimesContext, state: DayState & Pick<ReadingState, 'shown'>, survey?: TimeOfDayReader) {
    const { lastModified, maxFutureSkew } = context;
    this.zone = zoneNamed(context.zone);
    this.lastModified = lastModified;
    const latest = latestWall(this.zone, lastModified + maxFutureSkew);
    this.days = survey ?? new DayFinder({ dayPlan: null, ...context, latest }, state);
    this.years = new YearFinder(latestWall(this.zone, lastModified + Math.max(maxFutureSkew, maxYearlessAheadMs)));
    this.dates = new DateOrderFinder(latest, state.shown?.dateOrder ?? null);
  }

  /** The order of the numbers of dates, once a date has shown it. */
  get dateOrder(): DateOrder | null {
    return this.dates.order;
  }

  /** How the time of the last timestamp is known. */
  kindOf({ kind }: Timestamp): TimestampKind {
    return kind === TimestampKind.UNORDERED && this.dates.hasZone ? TimestampKind.ABSOLUTE : kind;
  }

  /**
   * Epoch milliseconds; NaN for a line without a timestamp, and for a date that does not exist.
   * @param previous instant of the record above; NaN if there is none
   */
  epochOf({ kind, time }: Timestamp, previous: number): number {
    switch (kind) {
      case TimestampKind.ABSOLUTE:
        return time;
      case TimestampKind.WALL:
        return instantOf(this.zone, time, previous, this.lastModified);
      case TimestampKind.TIME_OF_DAY:
        return instantOf(this.zone, this.days.wallTime(time), previous, this.lastModified);
      case TimestampKind.YEARLESS:
        return instantOf(this.zone, this.years.wallTime(time), previous, this.lastModified);
      default:
        return kind === TimestampKind.NONE ? Number.NaN : this.orderedEpochOf(time, previous);
    }
  }

  private orderedEpochOf(time: number, previous: number): number {
    const ordered = this.dates.timeOf(time);
    return this.dates.hasZone ? ordered : instantOf(this.zone, ordered, previous, this.lastModified);
  }
}
