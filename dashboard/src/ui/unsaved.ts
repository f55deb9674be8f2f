import { useEffect } from 'preact/hooks';
import { TEXT } from '../text/en.ts';

/** Forms with text that is nowhere else. */
const unsaved = new Set<symbol>();

/** As long as a form has text that is not saved, leaving it asks first; the browser asks by itself when the page is closed. */
export function useUnsaved(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const form = Symbol('form');
    unsaved.add(form);
    const asked = (event: BeforeUnloadEvent): void => {
      event.preventDefault();
    };
    window.addEventListener('beforeunload', asked);
    return () => {
      unsaved.delete(form);
      window.removeEventListener('beforeunload', asked);
    };
  }, [isUnsaved]);
}

/** Is there nothing to lose, or does the person want to lose it? */
export function mayLeave(): boolean {
  // A dialog of the browser: it holds the keyboard, reads itself out, and nothing moves behind it.
  return unsaved.size === 0 || window.confirm(TEXT.form.leave);
}
