/** Calls once when nothing was touched for so long; the result ends the watch. */
export function watchIdle(limitMs: number, onIdle: () => void): () => void {
  let timer = 0;
  const touched = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(onIdle, limitMs);
  };
  const events = ['pointerdown', 'keydown', 'scroll'] as const;
  for (const event of events) window.addEventListener(event, touched, { passive: true });
  touched();
  return () => {
    clearTimeout(timer);
    for (const event of events) window.removeEventListener(event, touched);
  };
}
