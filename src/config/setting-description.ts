// The form of a variable's description in the reference of the configuration.

/** What a variable means to whoever sets it. */
export interface SettingDescription {
  /** Sentences in Markdown, with code but without links. */
  readonly summary: string;
  /** Its value where nobody sets it, as it would be spelled; by mode where that differs. */
  readonly default?: string | { readonly production: string; readonly otherwise: string };
  /** What holds instead where nobody sets it and there is no value to name. */
  readonly absent?: string;
  /** A value that is taken, for a variable without a default. */
  readonly example?: string;
  /** What it looks like, for a text of which settings.ts checks nothing. */
  readonly form?: string;
  /** Never to be shown, and may come from a file or a secret store: see `FILE_SUFFIX` and `ARN_SUFFIX`. */
  readonly secret?: true;
  /** The page in docs/ that says more. */
  readonly see?: string;
  /** Whose it is, where not settings.ts but a library reads it. */
  readonly readBy?: string;
}

/** Variables that belong together. */
export interface SettingGroup {
  readonly title: string;
  readonly settings: Readonly<Record<string, SettingDescription>>;
}
