// What may be wrong with a prediction's webhooks, as a type. How it is done is in `webhooks/`.

/** What goes wrong with every webhook of one prediction. All of it combines. */
export interface WebhookFault {
  /** None is ever sent. */
  readonly drop?: true;
  /** Each is sent this many times more, at the same time and under the same id. */
  readonly duplicate?: number;
  /** Milliseconds before each. */
  readonly delay?: number;
  /** The answer to the create waits until the prediction has ended and its webhooks have been sent. */
  readonly early?: true;
  /** Signed with another secret. */
  readonly badSignature?: true;
  /** A signature of another version and a wrong one stand before the right one. */
  readonly moreSignatures?: true;
  /** Signed, rightly, ten minutes ago. */
  readonly staleTimestamp?: true;
  /** `completed` first, then the others, the latest of them first. */
  readonly reorder?: true;
}
