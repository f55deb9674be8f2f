/** A part of a work whose end is known. */
export interface Part {
  readonly done: number;
  readonly all: number;
}

/** Too little is done to say anything about the rest. */
const LEAST_SHARE = 0.03;

/** Seconds until parts that run side by side are all done, if they go on as so far; undefined when nobody can say. */
export function secondsLeft(parts: readonly Part[], elapsedSeconds: number): number | undefined {
  const each = parts.map(({ done, all }) => {
    const share = all === 0 ? 0 : done / all;
    return share < LEAST_SHARE ? undefined : (elapsedSeconds * (1 - share)) / share;
  });
  const known = each.filter((one) => one !== undefined);
  return known.length < parts.length ? undefined : Math.ceil(Math.max(0, ...known));
}
