/** Why a program does not do all of its work: `/readyz` and the status page say it. */
export class Readiness {
  private current: readonly string[] = ['it starts'];

  /** @param problems one sentence each; none when the program does all of its work */
  set(problems: readonly string[]): void {
    this.current = problems;
  }

  get problems(): readonly string[] {
    return this.current;
  }
}
