import type { EmergencyOpenAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import { TEXT } from '../../text/en.ts';
import { BreakGlass, type FoundPatient } from './break-glass.tsx';
import { FindPatient } from './find-patient.tsx';
import { Summary } from './summary.tsx';

const { emergency: words } = TEXT;

type Step =
  | { readonly is: 'find' }
  | { readonly is: 'found'; readonly patients: readonly FoundPatient[] }
  | { readonly is: 'open'; readonly patientId: string; readonly answer: EmergencyOpenAnswer };

/** Break-glass in two steps: who it is; why. Then the summary, for half an hour. */
export function Emergency({ api }: { readonly api: ApiClient }): JSX.Element {
  const [step, setStep] = useState<Step>({ is: 'find' });
  const [failure, setFailure] = useState<string>();
  const attempt = async (work: () => Promise<Step>): Promise<void> => {
    try {
      setStep(await work());
      setFailure(undefined);
    } catch (error) {
      setFailure(error instanceof Failure ? error.message : TEXT.notUnderstood);
    }
  };
  const again = (): void => {
    setStep({ is: 'find' });
  };
  return (
    <section aria-labelledby="emergency-title">
      <h1 id="emergency-title">{words.title}</h1>
      {failure === undefined ? null : (
        <p class="notice error" role="alert">
          {failure}
        </p>
      )}
      {step.is === 'find' ? (
        <FindPatient
          api={api}
          onFound={(find) => attempt(async () => ({ is: 'found', patients: await find() }))}
        />
      ) : (
        <button type="button" onClick={again}>
          {words.another}
        </button>
      )}
      {step.is === 'found' ? (
        <BreakGlass
          api={api}
          patients={step.patients}
          onOpen={(patientId, open) =>
            attempt(async () => ({ is: 'open', patientId, answer: await open() }))
          }
        />
      ) : null}
      {step.is === 'open' ? (
        <Summary api={api} patientId={step.patientId} answer={step.answer} />
      ) : null}
    </section>
  );
}
