/**
 * How often a property runs: `usual` times in `npm test`, which must be quick, and TELLTALE_TEST_RUNS_FACTOR times as often in
 * `npm run chaos`. Each run has another seed, so that many runs of `npm test` see what one long run would.
 */
export function runs(usual: number): number {
  return Math.ceil(usual * Number(process.env['TELLTALE_TEST_RUNS_FACTOR'] ?? 1));
}
