// Keeps the models that label metrics few: where callers may name any model, there are tens of thousands.

/** Models that have a label of their own besides the reserved ones. */
const MOST = 100;

/** The names that are labels. */
export class ModelNames {
  private readonly reserved = new Set<string>();
  private readonly seen = new Set<string>();

  /** These names stay as they are, however many others come. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.reserved.add(name);
  }

  /** The name, or `other` when there are too many. */
  bounded(name: string): string {
    if (this.reserved.has(name) || this.seen.has(name)) return name;
    if (this.seen.size >= MOST) return 'other';
    this.seen.add(name);
    return name;
  }
}
