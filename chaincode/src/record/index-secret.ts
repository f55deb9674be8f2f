import {
  type ChangeOutput,
  CLINICAL_KEYS,
  type IndexSecretDocument,
  SetIndexSecretInput,
} from '@pulseledger/domain';
import { exists, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Set the secret of the patient index, once: with another one, nothing that is indexed would be found. */
async function setIndexSecret({ stub, input }: Call<SetIndexSecretInput>): Promise<ChangeOutput> {
  const key = CLINICAL_KEYS.indexSecret();
  if (await exists(stub, key)) return UNCHANGED;
  const { secretHex, saltHex } = input;
  const document: IndexSecretDocument = { secretHex, saltHex };
  await writeDocument(stub, key, document);
  return CHANGED;
}

export const SET_INDEX_SECRET: TransactionFunction<SetIndexSecretInput> = {
  name: 'record:SetIndexSecret',
  input: inputOf(SetIndexSecretInput),
  run: setIndexSecret,
};
