// Keeps the models that label metrics few: where callers may name any model, there are tens of thousands.

/** Models that have a label of their own. */
const MOST = 100;

/** The names seen so far. */
export class ModelNames {
  private readonly seen = new Set<string>();

  /** The name, or `other` when there are too many. */
  bounded(name: string): string {
    if (this.seen.has(name)) return name;
    if (this.seen.size >= MOST) return 'other';
    this.seen.add(name);
    return name;
  }
}
