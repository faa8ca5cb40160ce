// A pause that anybody who knows more can cut short: a webhook, a stream, another request.
import type { Life } from './life.js';

/** Wakes one sleeper. */
export class Wake {
  private called = false;
  private wakeUp: (() => void) | undefined;

  /** Somebody knows more: look now. */
  call(): void {
    if (this.wakeUp) this.wakeUp();
    else this.called = true;
  }

  /**
   * Resolves with true at the next call, or at once if one came since the last wait; with false after `ms`. Rejects
   * with the life's ending. One waits at a time.
   */
  wait(ms: number, life: Pick<Life, 'signal' | 'ending'>): Promise<boolean> {
    const { signal } = life;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onEnd);
        this.wakeUp = undefined;
        act();
      };
      const onEnd = (): void => settle(() => reject(life.ending ?? new Error('the life has ended')));
      const timer = setTimeout(() => settle(() => resolve(false)), ms);
      if (life.ending) return onEnd();
      signal.addEventListener('abort', onEnd);
      this.wakeUp = () => settle(() => resolve(true));
      if (this.called) this.wakeUp();
      this.called = false;
    });
  }
}
