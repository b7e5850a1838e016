import { fail, ok, warn, type Finding } from './finding';

/** Who calls AWS, and what time it is there. */
export interface AccountFacts {
  readonly arn: string;
  readonly region: string;
  /** The answer's `Date`, epoch milliseconds; null when it had none. */
  readonly answeredAt: number | null;
  /** This machine's time at the answer. */
  readonly now: number;
}

/** AWS refuses requests that are signed more than 5 minutes off. */
const skewLimits = { warnS: 60, failS: 300 };

export function judgeAccount({ arn, region, answeredAt, now }: AccountFacts): readonly Finding[] {
  return [ok('credentials', `${arn} in ${region}`), judgeClock(answeredAt, now)];
}

function judgeClock(answeredAt: number | null, now: number): Finding {
  if (answeredAt === null) return warn('clock', 'the answer of AWS has no time', 'Compare the clock by hand: date -u.');
  const skewS = Math.round(Math.abs(answeredAt - now) / 1000);
  const says = `the clock differs by ${skewS} s from that of AWS`;
  const advice = 'Set the clock of this machine, and keep it right with NTP: timedatectl.';
  if (skewS > skewLimits.failS) return fail('clock', says, `${advice} AWS refuses requests from 5 minutes on.`);
  return skewS > skewLimits.warnS ? warn('clock', says, advice) : ok('clock', says);
}
