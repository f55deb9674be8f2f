/**
 * One patient's story, told once through the API on a real network: admission, a second opinion, an insurer, an ambulance,
 * an outage, a review, and the wish to be forgotten. Each sentence below is a fact of it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AccessLine, CHART_CLASSES, SUMMARY_CLASSES } from '@pulseledger/domain';
import { bundleOf } from '../../lambdas/fhir-api/src/testing/api.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import { insurerStores, type Stores } from '../revocation/insurer-stores.ts';
import { type Rescues, rescues } from './ambulance.ts';
import { type Admission, admission, atTheClinic, orderIn, refusalOf, type Seen } from './care.ts';
import { erasure, type Forgotten } from './erasure.ts';
import { type Insured, insurance } from './insurance.ts';
import { gather, NAMES, type People } from './people.ts';
import { openStoryWorld, type StoryWorld } from './story-world.ts';

const LIMIT_MS = 600_000;
const WITHHELD = 'Parts of the record may be withheld';

/** What came of each chapter. */
interface Told {
  readonly people: People;
  readonly admitted: Admission;
  readonly seen: Seen;
  readonly insured: Insured;
  readonly rescued: Rescues;
  /** The patient's log before the erasure. */
  readonly log: readonly AccessLine[];
  readonly forgotten: Forgotten;
  /** What the insurer's peer holds at the end. */
  readonly stores: Stores;
}

async function tellStory(kind: NetworkKind, world: StoryWorld): Promise<Told> {
  const { tell, outage, folder, stop } = world;
  const people = await gather(tell);
  const admitted = await admission(tell, people);
  const { patient } = admitted;
  const seen = await atTheClinic(tell, people, admitted);
  const insured = await insurance(tell, people, patient);
  const rescued = await rescues(tell, people, patient, outage);
  const log = await tell.accesses(patient);
  const forgotten = await erasure(tell, people, patient);
  await stop();
  const stores = await insurerStores(kind, folder);
  return { people, admitted, seen, insured, rescued, log, forgotten, stores };
}

/** What the log says of an opening, without the moment. */
function entryOf(line: AccessLine): object {
  const { name, role, organization, purpose, permitted, refused, isEmergency, verdict } = line;
  return {
    ...{ name, role, organization, purpose, isEmergency, verdict },
    permitted: permitted.toSorted(),
    refused: refused.toSorted(),
    isLate: line.enteredLateAtMs !== null,
  };
}

function entry(
  [name, role, organization, purpose]: readonly [string | null, string, string, string],
  classes: { readonly permitted?: readonly string[]; readonly refused?: readonly string[] },
  special: object = {},
): object {
  const { permitted = [], refused = [] } = classes;
  return {
    ...{ name, role, organization, purpose },
    ...{ isEmergency: false, verdict: null, isLate: false },
    ...{ permitted: permitted.toSorted(), refused: refused.toSorted() },
    ...special,
  };
}

const AGENT = [NAMES.agent, 'insurance-agent', 'insurer', 'HPAYMT'] as const;
const MEDIC = [NAMES.medic, 'emergency-medic', 'clinic', 'BTG'] as const;
const NIGHT_MEDIC = [NAMES.nightMedic, 'emergency-medic', 'clinic', 'BTG'] as const;
const EMERGENCY = { isEmergency: true };

/**
 * Everybody who looked, or tried to, in the order of the story. Asked for a patient by id, the insurer's people get no
 * further than the providers' collection, of which their organization is no member: it takes no entry of theirs.
 */
const LOG = [
  entry([NAMES.doctor, 'doctor', 'hospital', 'TREAT'], { permitted: CHART_CLASSES }),
  entry([null, 'nurse', 'clinic', 'TREAT'], { refused: CHART_CLASSES }),
  entry([NAMES.clinicDoctor, 'doctor', 'clinic', 'TREAT'], { permitted: CHART_CLASSES }),
  entry([null, 'patient', 'hospital', 'PATRQT'], { permitted: CHART_CLASSES }),
  entry(AGENT, { permitted: ['encounter'] }),
  entry(AGENT, { refused: ['result'] }),
  entry(AGENT, { refused: ['encounter'] }),
  entry(MEDIC, { refused: ['basics'] }),
  entry(MEDIC, { permitted: SUMMARY_CLASSES }, { ...EMERGENCY, verdict: 'justified' }),
  entry(
    NIGHT_MEDIC,
    { permitted: SUMMARY_CLASSES },
    { ...EMERGENCY, verdict: 'unclear', isLate: true },
  ),
];

function theStory(kind: NetworkKind): void {
  let world: StoryWorld;
  let told: Told;
  beforeAll(async () => {
    world = await openStoryWorld(kind);
    told = await tellStory(kind, world);
  }, LIMIT_MS);
  afterAll(() => world.end(), LIMIT_MS);

  it('the clinic sees the hospital’s result once the patient says that its doctor treats', () => {
    const { byNurse, byDoctor } = told.seen;
    expect(byNurse.status).toBe(404);
    expect(bundleOf(byDoctor).entry).toHaveLength(1);
    expect(byDoctor.text).toContain(told.admitted.result);
  });

  it('a test that was just done is shown before it is ordered again, and repeated for a reason only', () => {
    const { equivalents, ordered, repeated } = told.seen;
    expect(JSON.stringify(equivalents.results)).toContain(told.admitted.result);
    expect(equivalents.results).toMatchObject([{ mspId: 'HospitalMSP' }]);
    expect(refusalOf(ordered)).toEqual([409, 'reason_needed']);
    expect(orderIn(repeated)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('the insurer reads exactly what the patient shared by passkey', () => {
    const { before, previewed, shares, visits, results } = told.insured;
    expect([before.status, results.status]).toEqual([404, 404]);
    expect(shares.shares).toMatchObject([{ classes: ['encounter'] }]);
    expect(previewed.records).toHaveLength(1);
    expect([visits.status, visits.text]).toEqual([
      200,
      expect.stringContaining(told.admitted.visit),
    ]);
    for (const word of [told.admitted.result, told.admitted.allergy]) {
      expect(visits.text).not.toContain(word);
    }
    expect(visits.text).not.toContain(told.admitted.patient.subjectId);
  });

  it('it reads nothing once that is taken back, and its peer has nothing left', () => {
    const { sharesAfter, visitsAfter } = told.insured;
    expect(sharesAfter.shares).toEqual([]);
    expect(visitsAfter.status).toBe(404);
    expect(told.stores.live(told.admitted.visit)).toEqual([]);
  });

  it('an ambulance finds the patient and opens the summary with a reason, not without', () => {
    const { withoutGlass, first } = told.rescued;
    expect(withoutGlass.status).toBe(404);
    expect(first.found.patients).toMatchObject([{ patientId: told.admitted.patient.subjectId }]);
    expect(first.opened.isEntryLate).toBe(false);
    expect(first.opened.partsMayBeWithheld).toMatch(/may be withheld/i);
    expect(first.summary.text).toContain(told.admitted.allergy);
    expect(first.summary.text).toContain(WITHHELD);
    expect(first.summary.text).not.toMatch(/none known|no known/i);
  });

  it('it opens with two orderers down, on an intent that is committed later and marked so', () => {
    const { second, meanwhile, committedLate } = told.rescued;
    expect(second.opened.isEntryLate).toBe(true);
    expect(second.summary.text).toContain(told.admitted.allergy);
    expect(second.summary.text).toContain(WITHHELD);
    expect(meanwhile.filter(({ isEmergency }) => isEmergency)).toHaveLength(1);
    expect(committedLate).toBe(1);
  });

  it('the supervisor reviews both, and the verdict stands in the patient’s log', () => {
    const { reviewsBefore, reviewsAfter, first, second } = told.rescued;
    const verdicts = ({ reviews }: Rescues['reviewsBefore']): object =>
      Object.fromEntries(reviews.map(({ permitId, verdict }) => [permitId, verdict]));
    const [one, other] = [first.opened.permitId, second.opened.permitId];
    expect(verdicts(reviewsBefore)).toEqual({ [one]: null, [other]: null });
    expect(verdicts(reviewsAfter)).toEqual({ [one]: 'justified', [other]: 'unclear' });
  });

  it('the patient’s accounting has every look and every refused try once, with names', () => {
    expect(told.log.map(entryOf)).toEqual(LOG);
  });

  it('what is erased says so to everybody, with a receipt, and the log stays', () => {
    const { onceGranted, erasures, byPatient, byClinic, results, log } = told.forgotten;
    expect(onceGranted.status).toBe(404);
    expect(erasures.erasures).toMatchObject([{ scope: 'clinical', state: 'destroyed' }]);
    expect(erasures.erasures[0]?.purgedKeys).toBeGreaterThan(0);
    for (const answer of [byPatient, byClinic, results]) expect(answer.status).toBe(410);
    expect(log.slice(0, told.log.length)).toEqual(told.log);
    expect(log.slice(told.log.length).map(entryOf)).toEqual([
      entry([NAMES.doctor, 'doctor', 'hospital', 'TREAT'], { refused: CHART_CLASSES }),
    ]);
  });
}

describe('the story of a patient, on the devnet', () => {
  theStory('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('the story of a patient, on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  theStory('fabric');
});
