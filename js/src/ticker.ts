/** One timer for everything that shows a relative time; it runs only while something ticks and is visible. */
export class Ticker {
  #isRunning = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #due = new Map<() => void, { periodMs: number; at: number }>();

  /** Calls `listener` about every `periodMs` (≥ 1,000) while running; returns its undo. */
  every(periodMs: number, listener: () => void): () => void {
    const period = Math.max(1_000, periodMs);
    this.#due.set(listener, { periodMs: period, at: Date.now() + period });
    this.#schedule();
    return () => {
      this.#due.delete(listener);
      if (this.#due.size === 0) this.#stop();
    };
  }

  /** While `isRunning` is false nothing ticks; what was missed ticks at once afterwards. */
  run(isRunning: boolean): void {
    this.#isRunning = isRunning;
    if (isRunning) this.#schedule();
    else this.#stop();
  }

  #schedule(): void {
    if (!this.#isRunning || this.#due.size === 0) return;
    clearTimeout(this.#timer);
    const next = Math.min(...[...this.#due.values()].map(({ at }) => at));
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, next - Date.now()));
  }

  #tick(): void {
    const now = Date.now();
    for (const [listener, due] of [...this.#due]) {
      // Those due within the next tenth of a second come along, so that one second stays one tick.
      if (due.at > now + 100) continue;
      due.at = now + due.periodMs;
      listener();
    }
    this.#schedule();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
