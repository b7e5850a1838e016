/**
 * Runs the one command that Telltale ever sends to a host: "here is a signal". SSM, or a local stand-in that applies
 * the same document (`conf/ssm-document.json`) as strictly.
 */
export interface CommandRunner {
  /**
   * @param payload base64url text, see `ingestion/signal`; anything else is refused, never interpreted
   * @returns the command's id; the command itself runs later, or never: a signal is a hint
   * @throws COMMAND_REFUSED when document or parameter do not fit, COMMAND_FAILED
   */
  send(payload: string): Promise<string>;
}
