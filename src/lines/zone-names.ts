import { byteAt } from './timestamps';

/**
 * Abbreviations of zones that loggers print, with their offset from UTC in minutes (IANA tz database). Of those with
 * several meanings only `CST`, `IST` and `BST` are here, with the one that most hosts mean: US Central, India, Britain.
 */
const zoneOffsets: readonly (readonly [string, number])[] = [
  ['UTC', 0],
  ['GMT', 0],
  ['UCT', 0],
  ['WET', 0],
  ['WEST', 60],
  ['BST', 60],
  ['CET', 60],
  ['MET', 60],
  ['MEZ', 60],
  ['CEST', 120],
  ['MEST', 120],
  ['MESZ', 120],
  ['EET', 120],
  ['EEST', 180],
  ['SAST', 120],
  ['MSK', 180],
  ['PKT', 300],
  ['IST', 330],
  ['WIB', 420],
  ['HKT', 480],
  ['AWST', 480],
  ['JST', 540],
  ['KST', 540],
  ['ACST', 570],
  ['AEST', 600],
  ['ACDT', 630],
  ['AEDT', 660],
  ['NZST', 720],
  ['NZDT', 780],
  ['NST', -210],
  ['NDT', -150],
  ['ADT', -180],
  ['EDT', -240],
  ['EST', -300],
  ['CDT', -300],
  ['CST', -360],
  ['MDT', -360],
  ['MST', -420],
  ['PDT', -420],
  ['PST', -480],
  ['AKDT', -480],
  ['AKST', -540],
  ['HST', -600],
];

const byName = new Map(zoneOffsets.map(([name, minutes]) => [pack(Buffer.from(name), 0, name.length), minutes]));

/** Capitals differ from small letters. */
function pack(bytes: Buffer, start: number, end: number): number {
  let packed = 0;
  for (let i = start; i < end; i++) packed = packed * 64 + ((byteAt(bytes, i) - 64) & 63);
  return packed;
}

/** Offset from UTC in minutes of the zone named by the capitals in bytes [start, end); undefined when unknown. */
export function zoneOffsetOf(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start < 3 || end - start > 4 ? undefined : byName.get(pack(bytes, start, end));
}
