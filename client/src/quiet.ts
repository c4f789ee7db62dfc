/**
 * Every entry of ours into the page (start, listener, timer, call of the API) goes through here: whatever
 * a hostile page has done to its globals costs us events, and costs the page nothing, not even a line on
 * the console.
 */
export const quietly =
  <Args extends unknown[], Result>(run: (...args: Args) => Result) =>
  (...args: Args): Result | undefined => {
    try {
      return run(...args);
    } catch {
      // Nobody in the page could do anything about it.
    }
  };

/**
 * Listens before the page's own handlers could stop the event. By the prototype, because
 * `<img id="addEventListener">` shadows the window's inherited methods.
 */
export function listen<E extends Event>(
  target: EventTarget | undefined,
  type: string,
  run: (event: E) => void,
): void {
  if (target) EventTarget.prototype.addEventListener.call(target, type, quietly(run) as EventListener, true);
}

export const later = (run: () => void, delayMs: number): void => {
  setTimeout(quietly(run), delayMs);
};

/** Runs when the page leaves the main thread idle; Safari has no idle callbacks, there a pause must do. */
export const whenIdle = (run: () => void): void => {
  (window.requestIdleCallback ?? setTimeout)(quietly(run));
};
