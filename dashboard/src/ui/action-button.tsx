import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Failure } from '../api/failure.ts';
import { TEXT } from '../text/en.ts';

/** A button that does something at once, and says when it did not work. */
export function ActionButton({
  label,
  question,
  onPress,
}: {
  readonly label: string;
  /** Asked first, of what cannot be undone. */
  readonly question?: string;
  readonly onPress: () => Promise<void>;
}): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const press = async (): Promise<void> => {
    if (question !== undefined && !window.confirm(question)) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await onPress();
    } catch (error) {
      setFailure(error instanceof Failure ? error.message : TEXT.form.failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <span class="action">
      <button type="button" disabled={isBusy} onClick={() => void press()}>
        {label}
      </button>
      {failure === undefined ? null : (
        <span class="notice error" role="alert">
          {failure}
        </span>
      )}
    </span>
  );
}
