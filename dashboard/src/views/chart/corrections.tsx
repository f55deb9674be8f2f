import {
  ChangeOutput,
  type Correction,
  type CorrectionAnswerRequest,
  type CorrectionRequest,
  CorrectionRequested,
  MAX_CORRECTION_TEXT,
} from '@pulseledger/domain';
import type { FhirResource } from 'fhir/r4.js';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { given } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { dayText, organizationName } from '../../ui/words.ts';

const { corrections: words } = TEXT;

export interface CorrectionsProps {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
  readonly resource: FhirResource;
  /** About any record of the patient. */
  readonly all: readonly Correction[];
  readonly onChanged: () => void;
}

/** What the patient said is wrong in an entry, with the answer; a patient asks here, a clinician answers. */
export function Corrections(props: CorrectionsProps): JSX.Element {
  const { api, person, patientId, resource, all, onChanged } = props;
  const recordId = resource.id ?? '';
  const version = Number(resource.meta?.versionId);
  const path = `patients/${patientId}/corrections`;
  const isAsking = person.role === 'patient' || person.role === 'representative';
  const ask = async (text: string): Promise<void> => {
    const body: CorrectionRequest = { recordId, version, text };
    await api.ask(path, CorrectionRequested, { method: 'POST', body });
    onChanged();
  };
  const answer = async (id: string, refusal: string | null): Promise<void> => {
    const correctedIn = refusal === null ? version : null;
    const body: CorrectionAnswerRequest = { recordId, correctedIn, refusal };
    await api.ask(`${path}/${id}/answer`, ChangeOutput, { method: 'POST', body });
    onChanged();
  };
  return (
    <>
      {all
        .filter((each) => each.recordId === recordId)
        .map((each) => (
          <Request key={each.correctionId} correction={each}>
            {isAsking || each.answer !== null ? null : (
              <span class="buttons">
                {version > each.version ? (
                  <ActionButton
                    label={words.corrected}
                    onPress={() => answer(each.correctionId, null)}
                  />
                ) : null}
                <Words
                  open={words.refuse}
                  label={words.why}
                  onSubmit={(text) => answer(each.correctionId, text)}
                />
              </span>
            )}
          </Request>
        ))}
      {isAsking ? <Words open={words.wrong} label={words.what} onSubmit={ask} /> : null}
    </>
  );
}

function Request({
  correction: { text, askedAtMs, mspId, answer },
  children,
}: {
  readonly correction: Correction;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <span class="detail">
      {dayText(askedAtMs)}, {words.asked}: “{text}” {organizationName(mspId)}:{' '}
      {answer === null ? words.waits : (answer.refusal ?? words.done)}
      {children}
    </span>
  );
}

/** A button that opens a field for some words. */
function Words({
  open,
  label,
  onSubmit,
}: {
  readonly open: string;
  readonly label: string;
  readonly onSubmit: (text: string) => Promise<void>;
}): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  const close = (): void => {
    setIsOpen(false);
  };
  if (!isOpen) {
    return (
      <button
        type="button"
        onClick={() => {
          setIsOpen(true);
        }}
      >
        {open}
      </button>
    );
  }
  return (
    <Form
      title={open}
      fields={[
        { name: 'text', label, kind: 'long', required: true, maxLength: MAX_CORRECTION_TEXT },
      ]}
      start={{}}
      submit={words.send}
      onSubmit={async (values) => {
        await onSubmit(given(values, 'text') ?? '');
        close();
      }}
      onCancel={close}
    />
  );
}
