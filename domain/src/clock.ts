/** Time and waiting, for whatever must run under another clock than the machine's. */
export interface Clock {
  /** Milliseconds, of Unix time unless said otherwise. */
  readonly now: () => number;
  /** Calls once after so many milliseconds; the result cancels it. */
  readonly after: (milliseconds: number, call: () => void) => () => void;
}

/** The machine's clock. */
export const SYSTEM_CLOCK: Clock = {
  // eslint-disable-next-line no-restricted-syntax -- what a contract may not use, and everything else may
  now: () => Date.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after so many milliseconds. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  clock.after(milliseconds, () => {
    resolve(undefined);
  });
  return promise;
}
