// The queue of scripted faults: which create meets which. What a fault does is not known here.
import type { Fault, FaultMatch } from './fault.js';

/** What of a create decides whether a fault applies to it. */
export interface CreateSeen {
  /** `owner/name`, or what the request said in its place when that names no model. */
  readonly model: string;
  readonly input: unknown;
}

interface Scripted {
  readonly fault: Fault;
  left: number;
}

/** Faults in the order scripted; each create takes the first that applies to it. */
export class FaultScript {
  private queue: Scripted[] = [];

  /** Puts faults at the end of the queue. */
  add(faults: readonly Fault[]): void {
    this.queue.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
  }

  /** Forgets every fault that is still waiting. */
  clear(): void {
    this.queue = [];
  }

  /** How many creates the waiting faults still apply to. */
  get waiting(): number {
    return this.queue.reduce((sum, { left }) => sum + left, 0);
  }

  /**
   * Takes a reset that is due now whatever the create says, so that its connection can go before it is read.
   */
  takeResetBeforeRead(): boolean {
    const first = this.queue[0];
    if (!first || first.fault.match || !('resetBeforeRead' in first.fault)) return false;
    this.use(first);
    return true;
  }

  /** Takes the fault that applies to this create. */
  take(create: CreateSeen): Fault | undefined {
    const found = this.queue.find(({ fault }) => !fault.match || applies(fault.match, create));
    if (found) this.use(found);
    return found?.fault;
  }

  private use(scripted: Scripted): void {
    scripted.left -= 1;
    if (scripted.left <= 0) this.queue = this.queue.filter((other) => other !== scripted);
  }
}

function applies({ model, inputIncludes }: FaultMatch, create: CreateSeen): boolean {
  return (
    (model === undefined || model === create.model) &&
    (inputIncludes === undefined || includesText(create.input, inputIncludes))
  );
}

function includesText(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((part: unknown) => includesText(part, text));
}
