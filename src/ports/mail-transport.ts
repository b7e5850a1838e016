/** Takes one rendered mail: a folder of .eml files. */
export interface MailTransport {
  /**
   * There is no idempotency: a call whose answer is lost may have sent the mail. Settles within 60 s.
   * @returns the transport's own id of the mail
   * @throws DELIVERY_REFUSED when no later call can succeed (address, size), DELIVERY_FAILED when one can
   */
  send(mail: OutgoingMail): Promise<string>;
}

/** Everything a transport needs. Header values contain no line breaks. */
export interface OutgoingMail {
  /** Telltale's own id, sent as `X-Telltale-Mail-Id`. */
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Equal for all mails of one thread. */
  readonly thread: string;
}
