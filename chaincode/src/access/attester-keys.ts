import {
  ACCESS_KEYS,
  AttesterDocument,
  type AttesterKey,
  type AttesterSecret,
  type ChangeOutput,
  canonicalJson,
  implicitCollection,
  ListAttestersInput,
  type ListAttestersOutput,
  MAX_ATTESTER_KEYS,
  PROVIDER_MSP_IDS,
  PublishAttesterInput,
  PulseError,
  PutAttesterKeyInput,
} from '@pulseledger/domain';
import { parseEd25519PublicKey, signEd25519 } from '../ed25519.ts';
import { writeDocument } from '../store/documents.ts';
import { readPublic, writePublic } from '../store/public-state.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';

/** Keys of an organization that may be under way at the same time: the old and the new one. */
const MAX_LIVE_KEYS = 2;

/** The keys with which an organization attests, newest last. */
export async function attesterKeys(
  stub: LedgerStub,
  mspId: string,
): Promise<readonly AttesterKey[]> {
  const document = await readPublic(stub, ACCESS_KEYS.attester(mspId), AttesterDocument);
  return document?.keys ?? [];
}

/**
 * Keep a private key where only the peers of the caller's organization have it. The transaction
 * writes nothing else, so that this organization alone endorses it.
 */
async function putAttesterKey(call: Call<PutAttesterKeyInput>): Promise<ChangeOutput> {
  const { stub, caller, input } = call;
  const { keyId, privateKeyPkcs8Base64, saltHex } = input;
  signEd25519('', privateKeyPkcs8Base64);
  const secret: AttesterSecret = { privateKeyPkcs8Base64, saltHex };
  const collection = implicitCollection(caller.mspId);
  await writeDocument(stub, ACCESS_KEYS.attesterSecret(keyId), secret, collection);
  return CHANGED;
}

function liveBeside(keys: readonly AttesterKey[], fromMs: number): number {
  return keys.filter(({ untilMs }) => untilMs === null || untilMs > fromMs).length;
}

/** Publish a key, or change when a published key ends. */
async function publishAttester(call: Call<PublishAttesterInput>): Promise<ChangeOutput> {
  const { stub, caller, input } = call;
  parseEd25519PublicKey(input.publicKeySpkiBase64);
  const keys = await attesterKeys(stub, caller.mspId);
  const known = keys.find(({ keyId }) => keyId === input.keyId);
  if (known !== undefined && canonicalJson(known) === canonicalJson(input)) return UNCHANGED;
  if (known !== undefined && known.publicKeySpkiBase64 !== input.publicKeySpkiBase64) {
    throw new PulseError('conflict', 'Another key is published under this id.');
  }
  const others = keys.filter(({ keyId }) => keyId !== input.keyId);
  if (liveBeside(others, input.fromMs) >= MAX_LIVE_KEYS) {
    throw new PulseError('conflict', 'End an older key first: at most two may overlap.');
  }
  const next: AttesterDocument = { keys: [...others, input].slice(-MAX_ATTESTER_KEYS) };
  await writePublic(stub, ACCESS_KEYS.attester(caller.mspId), next);
  return CHANGED;
}

async function listAttesters({ stub }: Call<ListAttestersInput>): Promise<ListAttestersOutput> {
  const attesters: Record<string, readonly AttesterKey[]> = {};
  for (const mspId of PROVIDER_MSP_IDS) attesters[mspId] = await attesterKeys(stub, mspId);
  return { attesters };
}

export const PUT_ATTESTER_KEY: TransactionFunction<PutAttesterKeyInput> = {
  name: 'access:PutAttesterKey',
  input: inputOf(PutAttesterKeyInput),
  run: putAttesterKey,
};

export const PUBLISH_ATTESTER: TransactionFunction<PublishAttesterInput> = {
  name: 'access:PublishAttester',
  input: inputOf(PublishAttesterInput),
  run: publishAttester,
};

export const LIST_ATTESTERS: TransactionFunction<ListAttestersInput> = {
  name: 'access:ListAttesters',
  input: inputOf(ListAttestersInput),
  run: listAttesters,
};
