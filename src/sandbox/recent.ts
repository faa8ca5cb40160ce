// A list that remembers the latest items only, so that a long run of the sandbox does not fill the memory.

/** The latest items, oldest first. */
export class Recent<Item> {
  private held: Item[] = [];

  /** Holds at most `limit` items. */
  constructor(private readonly limit: number) {}

  /** Enters an item. */
  add(item: Item): void {
    this.held.push(item);
    if (this.held.length > this.limit * 2) this.held.splice(0, this.held.length - this.limit);
  }

  /** Forgets all of them. */
  clear(): void {
    this.held = [];
  }

  /** The items, oldest first. */
  get items(): readonly Item[] {
    return this.held.length > this.limit ? this.held.slice(-this.limit) : this.held;
  }
}
