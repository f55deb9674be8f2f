import {
  ACCESS_KEYS,
  type ChangeOutput,
  Claims,
  LinkDocument,
  LinkInput,
  type ListLinksOutput,
  PatientInput,
  PulseError,
  UnlinkInput,
} from '@pulseledger/domain';
import { verifyAttestation } from '../access/attestation.ts';
import { linksOf } from '../access/facts.ts';
import { permittedPatient, recorderOf } from '../access/recorder.ts';
import { exists, readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Both sides of a link between two ids of one person; one side of a local number. */
function sides(link: LinkDocument): LinkDocument[] {
  const { patientId, target } = link;
  if (target.kind === 'local-number') return [link];
  const mirrored = { kind: 'same-person', patientId } as const;
  return [link, { ...link, patientId: target.patientId, target: mirrored }];
}

async function write({ stub }: Call<unknown>, link: LinkDocument): Promise<ChangeOutput> {
  for (const side of sides(link)) {
    await writeDocument(stub, ACCESS_KEYS.link(side.patientId, side.linkId), side);
  }
  return CHANGED;
}

/**
 * Say under which number an organization has a patient, or that two ids mean the same person. The
 * records stay where they are: who treats the one then treats the other, until the link is ended.
 */
async function link(call: Call<LinkInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const patientId = permittedPatient(await verifyAttestation(call, Claims), 'register');
  const { linkId, target, saltHex } = input;
  if (target.kind === 'same-person' && target.patientId === patientId) {
    throw new PulseError('invalid_input', 'A patient is not linked with the same id.');
  }
  if (await exists(stub, ACCESS_KEYS.link(patientId, linkId))) return UNCHANGED;
  return write(call, {
    ...{ linkId, patientId, target, saltHex },
    mspId: caller.mspId,
    fromMs: nowMs,
    untilMs: null,
    linkedBy: recorderOf(caller),
    unlinkedBy: null,
  });
}

/** End a link, for example after a wrong merge; it stays on record as ended. */
async function unlink(call: Call<UnlinkInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const patientId = permittedPatient(await verifyAttestation(call, Claims), 'register');
  const known = await readDocument(stub, ACCESS_KEYS.link(patientId, input.linkId), LinkDocument);
  if (known === undefined) throw new PulseError('not_found', 'There is no such link.');
  if (known.untilMs !== null) return UNCHANGED;
  return write(call, { ...known, untilMs: nowMs, unlinkedBy: recorderOf(caller) });
}

/** The links of a patient, for administrators who mend them and without anything of the record. */
async function listLinks({ stub, input }: Call<PatientInput>): Promise<ListLinksOutput> {
  return { links: await linksOf(stub, input.patientId) };
}

export const LINK: TransactionFunction<LinkInput> = {
  name: 'care:Link',
  input: inputOf(LinkInput),
  run: link,
};

export const UNLINK: TransactionFunction<UnlinkInput> = {
  name: 'care:Unlink',
  input: inputOf(UnlinkInput),
  run: unlink,
};

export const LIST_LINKS: TransactionFunction<PatientInput> = {
  name: 'care:ListLinks',
  input: inputOf(PatientInput),
  run: listLinks,
};
