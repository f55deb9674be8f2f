import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { collectRecord } from './record-file.ts';

const { myData: words } = TEXT;
/** Says nothing about whose it is. */
const FILE_NAME = 'medical-record.json';

/** The whole record as one FHIR Bundle, made in the browser and handed over as a file. */
export function Download({
  api,
  patientId,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
}): JSX.Element {
  const [message, setMessage] = useState('');
  const ended = useRef(new AbortController());
  useEffect(
    () => () => {
      ended.current.abort();
    },
    [],
  );
  const download = async (): Promise<void> => {
    try {
      const file = await collectRecord(api, patientId, ended.current.signal, (entries) => {
        setMessage(`${words.collecting} ${entries.toLocaleString(navigator.language)}`);
      });
      handOver(file);
      setMessage(words.downloaded);
    } catch (error) {
      setMessage(words.incomplete);
      throw error;
    }
  };
  return (
    <section class="panel" aria-labelledby="download-title">
      <h2 id="download-title">{words.download}</h2>
      <p>{words.downloadWhy}</p>
      <ActionButton label={words.downloadNow} onPress={download} />
      <p role="status">{message}</p>
    </section>
  );
}

function handOver(file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = FILE_NAME;
  link.click();
  // The browser has begun to read it by then; a view that is kept would be a copy in memory.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  });
}
