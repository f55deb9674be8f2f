/** F2 and F9: who may read, asked at the peers themselves with forged, stale and stolen decisions. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Contract, type Gateway } from '@hyperledger/fabric-gateway';
import { common, peer, gateway as protos } from '@hyperledger/fabric-protos';
import { expect, it } from '@jest/globals';
import {
  ATTESTATION_LIFE_MS,
  type Attestation,
  AttestOutput,
  Claims,
  canonicalJson,
  MSP_IDS,
  type Purpose,
} from '@pulseledger/domain';
import type { Signatory } from '@pulseledger/ledger';
import { type LedgerWorld, proposalOf, randomId, wordsOf } from '../support/ledger-world.ts';

const LIMIT_MS = 180_000;
const DAY_MS = 86_400_000;
/** As early as an organization still decides, so that the test need not wait for all of a decision's life. */
const EARLY_MS = 25_000;
/** Further back than a peer takes a proposal from (`peer.authentication.timewindow`). */
const BACK_DATED_MS = 90_000;
const WANTS = [{ action: 'read', recordClass: 'basics' }] as const;

/** A decision of both providers, asked for without any client of ours. */
async function attest(
  world: LedgerWorld,
  signatory: Signatory,
  patientId: string,
  atMs: number = Date.now(),
  purpose: Purpose = 'TREAT',
): Promise<Attestation> {
  const question = { patientId, purpose, wants: WANTS, atMs, nonceHex: randomId() };
  const [hospital, clinic] = await Promise.all(
    [MSP_IDS.hospital, MSP_IDS.clinic].map((attesterMspId) =>
      world.contract(signatory, async (contract) => {
        const input = JSON.stringify({ attesterMspId, question });
        const options = proposalOf(signatory, { transient: { input } }, [attesterMspId]);
        const bytes = await contract.evaluate('access:Attest', options);
        return AttestOutput.parse(JSON.parse(Buffer.from(bytes).toString()));
      }),
    ),
  );
  if (hospital === undefined || clinic?.claims !== hospital.claims) throw new Error('no decision');
  const signatures = { HospitalMSP: hospital.signature, ClinicMSP: clinic.signature };
  return { claims: hospital.claims, signatures };
}

function changed(attestation: Attestation, change: object): Attestation {
  const claims = { ...Claims.parse(JSON.parse(attestation.claims)), ...change };
  return { ...attestation, claims: canonicalJson(claims) };
}

function permitted(attestation: Attestation): Attestation {
  const { decisions } = Claims.parse(JSON.parse(attestation.claims));
  const all = decisions.map((one) => ({ ...one, outcome: 'permit', reason: 'treating' }));
  return changed(attestation, { decisions: all });
}

/** How both providers answer to an opening with this attestation. */
function opening(world: LedgerWorld, signatory: Signatory, attestation: unknown): Promise<string> {
  const input = JSON.stringify({ permitId: randomId(), saltHex: randomId() });
  const transient = { input, attestation: JSON.stringify(attestation) };
  return world.endorsed(signatory, 'access:OpenChart', { transient });
}

/** The same proposal, as of an earlier moment, signed by the same person. */
async function backDated(
  signatory: Signatory,
  input: object,
  { contract, gateway }: { readonly contract: Contract; readonly gateway: Gateway },
): Promise<string> {
  const transient = { input: JSON.stringify(input) };
  const options = proposalOf(signatory, { transient }, [signatory.mspId]);
  const proposed = protos.ProposedTransaction.deserializeBinary(
    contract.newProposal('access:Attest', options).getBytes(),
  );
  const signed = proposed.getProposal() ?? new peer.SignedProposal();
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  channel.getTimestamp()?.setSeconds(Math.floor((Date.now() - BACK_DATED_MS) / 1_000));
  header.setChannelHeader(channel.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  signed.setProposalBytes(proposal.serializeBinary());
  signed.setSignature('');
  proposed.setProposal(signed);
  try {
    await gateway.newProposal(proposed.serializeBinary()).evaluate();
    return 'answered';
  } catch (error) {
    return wordsOf(error);
  }
}

interface Story {
  readonly patientId: string;
  readonly doctor: Signatory;
  readonly stranger: Signatory;
  readonly patient: Signatory;
}

/** A patient whom one doctor treats, and another does not. */
async function story(world: LedgerWorld): Promise<Story> {
  const { patientId } = await world.wearer();
  const doctor = await world.person({ organization: 'hospital', role: 'doctor' });
  const stranger = await world.person({ organization: 'clinic', role: 'doctor' });
  const patient = await world.person({
    ...{ organization: 'hospital', role: 'patient', subjectId: patientId },
  });
  await world.client(patient).setTreating({
    ...{ patientId, practitionerId: doctor.subject?.id ?? '', mspId: doctor.mspId },
    ...{ fromMs: 0, untilMs: null, saltHex: randomId() },
  });
  return { patientId, doctor, stranger, patient };
}

function reading(world: LedgerWorld, signatory: Signatory, input: object): Promise<string> {
  return world.evaluated(signatory, 'care:ReadPatient', {
    transient: { input: JSON.stringify(input) },
  });
}

export function theDecisions(world: () => LedgerWorld): void {
  let told: Promise<Story> | undefined;
  const tell = (): Promise<Story> => {
    told ??= story(world());
    return told;
  };

  it(
    'F2 a clinician without a relation opens nothing, also with a decision altered or of another',
    async () => {
      const { patientId, doctor, stranger } = await tell();
      const own = await attest(world(), stranger, patientId);
      expect(JSON.parse(own.claims)).toMatchObject({ decisions: [{ outcome: 'deny' }] });
      // The control: as it is, the denial can be committed.
      expect(await opening(world(), stranger, own)).toBe('answered');
      expect(await opening(world(), stranger, permitted(own))).toBe('bad_attestation');
      const stolen = await attest(world(), doctor, patientId);
      expect(await opening(world(), doctor, stolen)).toBe('answered');
      expect(await opening(world(), stranger, stolen)).toBe('bad_attestation');
      const renamed = changed(stolen, { subjectId: stranger.subject?.id, mspId: stranger.mspId });
      expect(await opening(world(), stranger, renamed)).toBe('bad_attestation');
      const { HospitalMSP } = stolen.signatures;
      const single = { ...stolen, signatures: { HospitalMSP, ClinicMSP: HospitalMSP } };
      expect(await opening(world(), doctor, single)).toBe('bad_attestation');
      const half = { ...stolen, signatures: { HospitalMSP } };
      expect(await opening(world(), doctor, half)).toBe('invalid_input');
      expect(await opening(world(), doctor, {})).toBe('invalid_input');
    },
    LIMIT_MS,
  );

  it(
    'F2 somebody else’s permit opens nothing, nor one that was denied or never committed',
    async () => {
      const { patientId, doctor, stranger, patient } = await tell();
      const open = (signatory: Signatory) =>
        world()
          .client(signatory)
          .calls.charts.open({ patientId, recordClasses: ['basics'] });
      const own = await open(doctor);
      expect(await reading(world(), doctor, { patientId, permitId: own.permitId })).toBe(
        'answered',
      );
      const { permitId } = await open(patient);
      for (const signatory of [doctor, stranger]) {
        expect(await reading(world(), signatory, { patientId, permitId })).toBe('chart_closed');
      }
      const denied = await open(stranger);
      expect(denied.recordClasses).toEqual([]);
      const refused = { patientId, permitId: denied.permitId };
      expect(await reading(world(), stranger, refused)).toBe('access_denied');
      const invented = { patientId, permitId: randomId() };
      expect(await reading(world(), doctor, invented)).toBe('chart_closed');
    },
    LIMIT_MS,
  );

  it(
    'F2 a permit ends with the relation, one block later',
    async () => {
      const { patientId, doctor, patient } = await story(world());
      const { permitId } = await world()
        .client(doctor)
        .calls.charts.open({ patientId, recordClasses: ['basics'] });
      expect(await reading(world(), doctor, { patientId, permitId })).toBe('answered');
      const practitionerId = doctor.subject?.id ?? '';
      await world()
        .client(patient)
        .endTreating({ patientId, practitionerId, untilMs: Date.now() - 1 });
      expect(await reading(world(), doctor, { patientId, permitId })).toBe('access_denied');
      const after = await attest(world(), doctor, patientId);
      expect(JSON.parse(after.claims)).toMatchObject({ decisions: [{ outcome: 'deny' }] });
    },
    LIMIT_MS,
  );

  it(
    'F2 a decision that has grown old opens nothing, and none is given for another time',
    async () => {
      const { patientId, doctor } = await tell();
      const atMs = Date.now() - EARLY_MS;
      const attestation = await attest(world(), doctor, patientId, atMs);
      expect(await opening(world(), doctor, attestation)).toBe('answered');
      await delay(atMs + ATTESTATION_LIFE_MS - Date.now() + 1_000);
      expect(await opening(world(), doctor, attestation)).toBe('attestation_stale');
      const longer = changed(attestation, { expiresAtMs: Date.now() + DAY_MS });
      expect(await opening(world(), doctor, longer)).toBe('bad_attestation');
      for (const at of [Date.now() - 45_000, Date.now() + 45_000]) {
        const question = { patientId, purpose: 'TREAT', wants: WANTS, nonceHex: randomId() };
        const input = { attesterMspId: doctor.mspId, question: { ...question, atMs: at } };
        const transient = { input: JSON.stringify(input) };
        const answer = await world().evaluated(doctor, 'access:Attest', { transient });
        expect(answer).toBe('attestation_stale');
      }
    },
    LIMIT_MS,
  );

  it(
    'F2 a back-dated proposal is refused',
    async () => {
      const { patientId, doctor } = await tell();
      const question = { patientId, purpose: 'TREAT', wants: WANTS, nonceHex: randomId() };
      const atMs = Date.now() - BACK_DATED_MS;
      const input = { attesterMspId: doctor.mspId, question: { ...question, atMs } };
      const answer = await world().contract(doctor, (contract, gateway) =>
        backDated(doctor, input, { contract, gateway }),
      );
      expect(answer).toContain('incorrect timestamp');
    },
    LIMIT_MS,
  );

  it(
    'F1 F2 an insurer certifies no doctor, and its agents decide nothing about patients',
    async () => {
      const { patientId } = await tell();
      const question = { patientId, purpose: 'TREAT', wants: WANTS, atMs: Date.now() };
      const input = (attesterMspId: string) =>
        JSON.stringify({ attesterMspId, question: { ...question, nonceHex: randomId() } });
      const doctor = await world().person({ organization: 'insurer', role: 'doctor' });
      const agent = await world().person({ organization: 'insurer', role: 'insurance-agent' });
      for (const attesterMspId of [MSP_IDS.hospital, MSP_IDS.clinic]) {
        const options = { transient: { input: input(attesterMspId) }, endorsers: [attesterMspId] };
        const asDoctor = await world().evaluated(doctor, 'access:Attest', options);
        expect(asDoctor).toBe('wrong_organization_for_role');
        expect(await world().evaluated(agent, 'access:Attest', options)).toBe('access_denied');
      }
    },
    LIMIT_MS,
  );

  it(
    'F2 the key to attest with is at its own organization only, and nobody else signs with it',
    async () => {
      const { patientId, doctor } = await tell();
      const question = { patientId, purpose: 'TREAT', wants: WANTS, atMs: Date.now() };
      const asked = {
        attesterMspId: MSP_IDS.clinic,
        question: { ...question, nonceHex: randomId() },
      };
      const options = {
        transient: { input: JSON.stringify(asked) },
        endorsers: [MSP_IDS.hospital],
      };
      expect(await world().evaluated(doctor, 'access:Attest', options)).toBe('unavailable');
      const key = { keyId: randomId(), privateKeyPkcs8Base64: 'B'.repeat(64), saltHex: randomId() };
      const transient = { input: JSON.stringify(key) };
      expect(await world().endorsed(doctor, 'access:PutAttesterKey', { transient })).toBe(
        'access_denied',
      );
    },
    LIMIT_MS,
  );

  it(
    'F9 a page has its cap, and a selector instead of a value is no query',
    async () => {
      const { patientId, patient } = await tell();
      const { permitId } = await world()
        .client(patient)
        .calls.charts.open({ patientId, recordClasses: ['vitals'] });
      const vitals = { patientId, permitId, fromMs: 0, toMs: DAY_MS, pageSize: 10 };
      const accesses = { patientId, fromMs: 0, toMs: DAY_MS, pageSize: 10 };
      const ask = (name: string, input: object) =>
        world().evaluated(patient, name, { transient: { input: JSON.stringify(input) } });
      expect(await ask('vitals:ReadChunks', vitals)).toBe('answered');
      expect(await ask('access:List', accesses)).toBe('answered');
      const wrong = [
        ...[0, -1, 1_001, 1_000_000, 1.5, '10', null].map((pageSize) => ({ pageSize })),
        ...[{ fromMs: { $gt: 0 } }, { toMs: '9' }, { fromMs: -1 }, { toMs: 1e300 }],
        { patientId: { $regex: '.*' } },
        { patientId: [patientId] },
        { selector: { patientId: { $gt: null } } },
        { bookmark: { $gt: '' } },
      ];
      for (const change of wrong) {
        for (const [name, right] of [
          ['vitals:ReadChunks', vitals],
          ['access:List', accesses],
        ] as const) {
          const answer = await ask(name, { ...right, ...change });
          expect([name, change, answer]).toEqual([name, change, 'invalid_input']);
        }
      }
      expect(await ask('vitals:ReadChunks', { ...vitals, codes: ['*'] })).toBe('invalid_input');
    },
    LIMIT_MS,
  );
}
