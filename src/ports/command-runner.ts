/**
 * Runs the only command that Telltale sends to a host: "here is a signal". Implemented by SSM, and by a local runner
 * that applies the same document (`conf/ssm-document.json`) as strictly.
 */
export interface CommandRunner {
  /**
   * @param payload base64url text, see `ingestion/signal`; anything else is refused, never interpreted
   * @returns the command's id; the command itself runs later, or never (`signals-are-hints`)
   * @throws COMMAND_REFUSED when document or parameter do not match, COMMAND_FAILED
   */
  send(payload: string): Promise<string>;
}
