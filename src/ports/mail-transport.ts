/** Sends one built mail: SES, or a folder of .eml files. */
export interface MailTransport {
  /**
   * No idempotency: a call whose answer is lost may have sent the mail.
   * @returns the transport's own id of the mail
   * @throws MAIL_REFUSED (this mail will never go: address, size), MAIL_FAILED (later it may)
   */
  send(mail: OutgoingMail): Promise<string>;
}

/** Everything a transport needs; header values hold no line breaks. */
export interface OutgoingMail {
  /** Telltale's own id: travels as `X-Telltale-Mail-Id`. */
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
