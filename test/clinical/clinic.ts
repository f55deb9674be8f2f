/** Two patients with their people on a network of their own, each asked through the Gateway. */
import { MSP_IDS, type Organization, RECORD_CLASSES, type RecordWrite } from '@pulseledger/domain';
import { ClinicalClient, type Signatory } from '@pulseledger/ledger';
import { LedgerWorld, randomId } from '../negative/support/ledger-world.ts';
import type { NetworkKind } from '../negative/support/system.ts';

export const ROLES = {
  doctor: ['hospital', 'doctor'],
  clinicDoctor: ['clinic', 'doctor'],
  stranger: ['hospital', 'doctor'],
  nurse: ['hospital', 'nurse'],
  laboratory: ['hospital', 'laboratory'],
  administrator: ['hospital', 'administrator'],
  clinicAdministrator: ['clinic', 'administrator'],
  agent: ['insurer', 'insurance-agent'],
  forged: ['insurer', 'doctor'],
} as const satisfies Record<string, readonly [Organization, string]>;
export type PersonName = keyof typeof ROLES;

/** Somebody with a certificate. */
export interface Person {
  readonly id: string;
  readonly organization: Organization;
  readonly signatory: Signatory;
  readonly client: ClinicalClient;
}

/** A write with what tests seldom care about filled in. */
export function writeOf(
  write: Pick<RecordWrite, 'recordClass' | 'resource'> & Partial<RecordWrite>,
): RecordWrite {
  return { recordId: randomId(), ifVersion: null, labels: [], saltHex: randomId(), ...write };
}

export class Clinic {
  readonly world: LedgerWorld;
  readonly people: Readonly<Record<PersonName, Person>>;

  constructor(world: LedgerWorld, people: Readonly<Record<PersonName, Person>>) {
    this.world = world;
    this.people = people;
  }

  static async open(kind: NetworkKind): Promise<Clinic> {
    const world = await LedgerWorld.start(kind);
    const named = Object.entries(ROLES).map(async ([name, [organization, role]]) => {
      const id = randomId();
      return [name, await personOf(world, organization, role, id)] as const;
    });
    const people = Object.fromEntries(await Promise.all(named)) as Record<PersonName, Person>;
    return new Clinic(world, people);
  }

  /** A patient of the hospital, treated by doctor, nurse and the clinic's doctor. */
  async patient(family = 'Test'): Promise<Person> {
    const patient = await personOf(this.world, 'hospital', 'patient', randomId());
    const { administrator, doctor, nurse, clinicDoctor } = this.people;
    const basics = { family, given: ['P.'], birthDate: '1980-02-29', gender: 'unknown' } as const;
    const registrar = this.world.client(administrator.signatory);
    await registrar.registerPatient({ patientId: patient.id, basics, saltHex: randomId() });
    const self = this.world.client(patient.signatory);
    const relations = [doctor, nurse, clinicDoctor].map(({ id, organization }) =>
      self.setTreating({
        ...{ patientId: patient.id, practitionerId: id, mspId: MSP_IDS[organization] },
        ...{ fromMs: 0, untilMs: null, saltHex: randomId() },
      }),
    );
    await Promise.all(relations);
    return patient;
  }

  /** Opens the chart for everything; the permit. */
  async opened({ client }: Person, patientId: string): Promise<string> {
    const chart = await client.openChart({ patientId, recordClasses: RECORD_CLASSES });
    return chart.permitId;
  }

  /** Ids of all records that somebody sees of a patient. */
  async seen(person: Person, patientId: string): Promise<string[]> {
    const permitId = await this.opened(person, patientId);
    const ids: string[] = [];
    for await (const { recordId } of person.client.readAll({
      patientId,
      permitId,
      pageSize: 500,
    })) {
      ids.push(recordId);
    }
    return ids;
  }
}

async function personOf(
  world: LedgerWorld,
  organization: Organization,
  role: string,
  id: string,
): Promise<Person> {
  const signatory = await world.person({ organization, role, subjectId: id });
  const client = new ClinicalClient(world.client(signatory, organization).calls);
  return { id, organization, signatory, client };
}
