import { beforeAll, describe, expect, it } from '@jest/globals';
import { VITAL_CODES } from '@pulseledger/domain';
import { everythingEmitted, type Observation, type Resource } from './emitted.ts';
import { judge, prepareJudge, type Verdict } from './judge.ts';

const PROFILE = 'http://hl7.org/fhir/StructureDefinition/';
/** https://hl7.org/fhir/R4/observation-vitalsigns.html: which profile a code has, independently of what we claim. */
const PROFILES: Readonly<Record<string, string>> = {
  '8867-4': 'heartrate',
  '2708-6': 'oxygensat',
  '9279-1': 'resprate',
  '8310-5': 'bodytemp',
  '85354-9': 'bp',
};

/** Advice that does not concern an interface between machines, or that we decided against. */
const TOLERATED = [
  /dom-6: 'A resource should have narrative/,
  /all observations should have a performer/,
  // Steps are counted in {steps} (LOINC's own unit for these codes).
  /UCUM Codes that contain human readable annotations/,
  // R4's list of vital signs is open and does not have every code.
  /None of the codings provided are in the value set 'Vital Signs'/,
  // There is no code for a rule that a patient makes, nor for our classes of records.
  /None of the codings provided are in the value set 'Consent PolicyRule Codes'/,
  /was not found in the value set 'Consent Content Class'/,
  // LOINC itself is not at hand offline.
  /Unable to expand ValueSet because CodeSystem could not be found: http:\/\/loinc.org/,
];

function isObservation(resource: Resource): resource is Observation {
  return resource.resourceType === 'Observation';
}

function profileOf(observation: Observation): string | undefined {
  const codes = observation.code.coding?.map(({ code }) => code ?? '') ?? [];
  const named = codes.map((code) => PROFILES[code]).find((profile) => profile !== undefined);
  const category = observation.category?.[0]?.coding?.[0]?.code;
  return named ?? (category === 'vital-signs' ? 'vitalsigns' : undefined);
}

/** The validator looks at the profile only that a resource names, so that the judge names it. */
function underItsProfile(resource: Resource): Resource {
  if (!isObservation(resource)) return resource;
  const profile = profileOf(resource);
  if (profile === undefined) return resource;
  return { ...resource, meta: { ...resource.meta, profile: [`${PROFILE}${profile}`] } };
}

function heartRate(changes: object): unknown {
  return {
    resourceType: 'Observation',
    meta: { profile: [`${PROFILE}heartrate`] },
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
          },
        ],
      },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: 'Patient/1' },
    effectiveDateTime: '2026-03-05T10:00:00.000Z',
    valueQuantity: { value: 70, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    ...changes,
  };
}

const PLANTED: readonly [string, unknown][] = [
  ['a status that does not exist', heartRate({ status: 'finall' })],
  ['no subject', heartRate({ subject: undefined })],
  ['no category', heartRate({ category: undefined })],
  ['no time', heartRate({ effectiveDateTime: undefined })],
  ['a day that does not exist', heartRate({ effectiveDateTime: '2026-02-30T10:00:00Z' })],
  ['a time without zone', heartRate({ effectiveDateTime: '2026-02-03T10:00:00' })],
  ['neither value nor reason', heartRate({ valueQuantity: undefined })],
  ['an unknown property', heartRate({ heartRate: 70 })],
  ['an empty list', heartRate({ note: [] })],
  [
    'a unit that is not UCUM',
    heartRate({
      valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code: 'bpm' },
    }),
  ],
  [
    'a unit of another sign',
    heartRate({ valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code: 'Cel' } }),
  ],
  [
    'one of two codes of oxygen saturation',
    heartRate({
      meta: { profile: [`${PROFILE}oxygensat`] },
      code: { coding: [{ system: 'http://loinc.org', code: '59408-5' }] },
      valueQuantity: { value: 97, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
    }),
  ],
  [
    'a blood pressure without its parts',
    heartRate({
      meta: { profile: [`${PROFILE}bp`] },
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    }),
  ],
  [
    'an unknown label',
    heartRate({
      meta: {
        security: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
            code: 'NOT-A-LABEL',
          },
        ],
      },
    }),
  ],
  [
    'a kind of issue that does not exist',
    { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'bad' }] },
  ],
];

function isComplaint({ severity, text }: Verdict): boolean {
  if (severity === 'INFORMATION') return false;
  return !TOLERATED.some((advice) => advice.test(text));
}

const ready = prepareJudge();
const title = "HL7's validator";
const suite = ready.isReady ? describe : describe.skip;

suite(ready.isReady ? title : `${title} (skipped: ${ready.reason})`, () => {
  let emitted: Resource[] = [];
  let ofPlanted: Verdict[][] = [];
  let ofEmitted: Verdict[][] = [];

  beforeAll(async () => {
    emitted = await everythingEmitted();
    const shown = [...PLANTED.map(([, resource]) => resource), ...emitted.map(underItsProfile)];
    const verdicts = ready.isReady ? await judge(ready.jars, shown) : [];
    ofPlanted = verdicts.slice(0, PLANTED.length);
    ofEmitted = verdicts.slice(PLANTED.length);
  }, 300_000);

  it.each(PLANTED.map(([name], index) => [name, index] as const))('sees %s', (_, index) => {
    expect(ofPlanted[index]?.filter(isComplaint)).not.toEqual([]);
  });

  it('has nothing to say against anything that the API emits', () => {
    const complaints = emitted.flatMap((resource, index) =>
      (ofEmitted[index] ?? [])
        .filter(isComplaint)
        .map((verdict) => ({ resource: JSON.stringify(resource).slice(0, 200), ...verdict })),
    );
    expect(ofEmitted).toHaveLength(emitted.length);
    expect(complaints).toEqual([]);
  });

  it('was shown every code, and the profile of a code is the one that we name', () => {
    const observations = emitted.filter(isObservation);
    const codes = new Set(
      observations.flatMap(({ code, component }) =>
        [code, ...(component ?? []).map((part) => part.code)].flatMap(({ coding }) =>
          (coding ?? []).map((one) => one.code),
        ),
      ),
    );
    expect(VITAL_CODES.filter((code) => !codes.has(code))).toEqual([]);
    for (const observation of observations) {
      const profile = profileOf(observation);
      const named = observation.meta?.profile;
      if (profile !== undefined && profile !== 'vitalsigns') {
        expect(named).toEqual([`${PROFILE}${profile}`]);
      } else expect(named).toBeUndefined();
    }
  });
});
