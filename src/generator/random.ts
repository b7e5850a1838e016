/** A source of pseudo-random numbers: the same seed gives the same numbers. */
export interface Random {
  /** Uniform in [0, 1), in steps of 2^-32. */
  fraction(): number;
  /** A whole number, uniform from `min` to `max`, both included. */
  integer(min: number, max: number): number;
}

/**
 * sfc32, "small fast counting" by Chris Doty-Humphrey (PractRand 0.95): 128 bits of state, including a counter, so that
 * no seed leads into a short cycle.
 * @param seed any whole number from 0 to 2^53
 * @param stream different streams of a seed give independent numbers
 */
export function createRandom(seed: number, stream: number): Random {
  let a = stream | 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;

  const next = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  // PractRand's seeding discards as many, so that similar seeds start differently.
  for (let i = 0; i < 12; i++) next();

  const fraction = (): number => next() / 2 ** 32;
  return { fraction, integer: (min, max) => min + Math.floor(fraction() * (max - min + 1)) };
}
