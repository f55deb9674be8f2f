import { randomBytes } from 'node:crypto';
import {
  AnswerErasureInput,
  AuthorGroupInput,
  AuthorGroupView,
  ChangeOutput,
  EquivalentResultsInput,
  EquivalentResultsOutput,
  EraseInput,
  ErasureInput,
  type ErasureScope,
  FindByKeyInput,
  FindByKeyOutput,
  FindUniqueInput,
  HistoryInput,
  HistoryOutput,
  ListErasableOutput,
  ListErasuresInput,
  ListErasuresOutput,
  ListOrdersInput,
  ListOrdersOutput,
  LocateInput,
  PatientInput,
  Place,
  PulseError,
  type Purpose,
  ReadErasuresOutput,
  ReadRecordsInput,
  ReadRecordsOutput,
  ReadVersionInput,
  RecordView,
  type RecordWrite,
  RequestErasureInput,
  SetAuthorGroupInput,
  SetIndexSecretInput,
  testsOrdered,
  type Want,
  WriteRecordsInput,
  WriteRecordsOutput,
} from '@pulseledger/domain';
import type { LedgerCalls } from '../ledger-calls.ts';
import type { ChartRequest, OpenedChart } from '../opened-chart.ts';

const SALT_BYTES = 16;

/** Further facts of a write. */
export interface WriteOptions {
  /** The usual one of the caller's role when left out. */
  readonly purpose?: Purpose | undefined;
  /** Labels of records before they are amended or deleted, by record id: the decision must cover them. */
  readonly labelsBefore?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What became of a conditional create. */
export interface CreatedOnce {
  readonly created: boolean;
  readonly place: Place;
}

function actionOf({ recordClass, ifVersion, resource }: RecordWrite): Want['action'] {
  if (resource === null) return 'delete';
  if (ifVersion !== null) return 'amend';
  return recordClass === 'basics' ? 'register' : 'create';
}

/** What both organizations have to permit for these writes. */
export function wantsOf(
  writes: readonly RecordWrite[],
  { labelsBefore = {} }: WriteOptions = {},
): Want[] {
  const wants = writes.map((write): Want => {
    const before = labelsBefore[write.recordId] ?? [];
    const labels = [...new Set([...write.labels, ...before])].sort();
    return { action: actionOf(write), recordClass: write.recordClass, labels };
  });
  return [...new Map(wants.map((want) => [JSON.stringify(want), want])).values()];
}

/** The tests that orders among these writes ask for: of an amended order all of them, for want of the one before. */
function testsIn(writes: readonly RecordWrite[]): string[] {
  const orders = writes.filter(({ recordClass }) => recordClass === 'order');
  return [...new Set(orders.flatMap(({ resource }) => testsOrdered(null, resource)))];
}

/**
 * The clinical record in business words. Every method throws PulseError only, as `RecordClient` does.
 * Reads take the permit of a chart that the caller opened with {@link openChart}.
 */
export class ClinicalClient {
  readonly #calls: LedgerCalls;

  constructor(calls: LedgerCalls) {
    this.#calls = calls;
  }

  /**
   * Opens a chart for several classes at once; a refusal is no error, no class is open then.
   *
   * @throws PulseError `gone` when the patient's record is erased; the attempt is entered nevertheless.
   */
  async openChart(request: ChartRequest): Promise<OpenedChart> {
    const chart = await this.#calls.charts.open(request);
    const isErased = chart.decisions.some(({ reason }) => reason === 'erased');
    if (isErased) throw new PulseError('gone');
    return chart;
  }

  /**
   * `record:Write`: all writes or none. An order of a test of which there is a recent result needs a reason that names it.
   *
   * @throws PulseError `reason_needed` for such an order without.
   * @throws PulseError `precondition_failed` for another version, `already_exists` for a unique key that is taken,
   * `access_denied`, `gone`.
   */
  writeRecords(
    input: WriteRecordsInput,
    options: WriteOptions | Purpose = {},
  ): Promise<WriteRecordsOutput> {
    const { patientId, writes } = input;
    const more = typeof options === 'string' ? { purpose: options } : options;
    const tests = testsIn(writes);
    return this.#calls.submitAttested('record:Write', {
      schema: WriteRecordsInput,
      input,
      output: WriteRecordsOutput,
      request: { patientId, purpose: more.purpose, wants: wantsOf(writes, more), tests },
    });
  }

  /** Gives a patient who was registered without one the record of class `basics`. */
  writeFirstBasics(input: WriteRecordsInput): Promise<WriteRecordsOutput> {
    const wants: Want[] = [{ action: 'amend', recordClass: 'basics' }];
    return this.#calls.submitAttested('record:Write', {
      ...{ schema: WriteRecordsInput, input, output: WriteRecordsOutput },
      request: { patientId: input.patientId, wants },
    });
  }

  /** Creates one record unless there is one with its unique key; then tells which. */
  async createOnce(patientId: string, write: RecordWrite): Promise<CreatedOnce> {
    const { recordClass, recordId, uniqueKey } = write;
    try {
      await this.writeRecords({ patientId, writes: [write] });
      return { created: true, place: { patientId, recordClass, recordId } };
    } catch (error) {
      const isTaken = error instanceof PulseError && error.code === 'already_exists';
      if (!isTaken || uniqueKey === undefined) throw error;
      const scope = recordClass === 'basics' ? {} : { patientId };
      return { created: false, place: await this.findUnique({ ...scope, uniqueKey }) };
    }
  }

  /** `record:Read`: a page of the compartment, or one record. */
  readRecords(input: ReadRecordsInput): Promise<ReadRecordsOutput> {
    return this.#calls.read('record:Read', ReadRecordsInput, input, ReadRecordsOutput);
  }

  /** All pages of the compartment, one after the other. */
  async *readAll(input: Omit<ReadRecordsInput, 'bookmark'>): AsyncGenerator<RecordView> {
    let bookmark: string | undefined;
    do {
      const page: ReadRecordsOutput = await this.readRecords({ ...input, bookmark });
      yield* page.records;
      bookmark = page.bookmark;
    } while (bookmark !== undefined);
  }

  /** `record:ReadVersion`. */
  readVersion(input: ReadVersionInput): Promise<RecordView> {
    return this.#calls.read('record:ReadVersion', ReadVersionInput, input, RecordView);
  }

  /** `record:History`: newest first. */
  recordHistory(input: HistoryInput): Promise<HistoryOutput> {
    return this.#calls.read('record:History', HistoryInput, input, HistoryOutput);
  }

  /** `record:Locate`: whose record it is, for who may read it. */
  locateRecord(input: LocateInput): Promise<Place> {
    return this.#calls.read('record:Locate', LocateInput, input, Place);
  }

  /** `record:FindByKey`: across patients, as far as the caller may read. */
  findByKey(input: FindByKeyInput): Promise<FindByKeyOutput> {
    return this.#calls.read('record:FindByKey', FindByKeyInput, input, FindByKeyOutput);
  }

  /** `record:FindUnique`: which record has a unique key. */
  findUnique(input: FindUniqueInput): Promise<Place> {
    return this.#calls.read('record:FindUnique', FindUniqueInput, input, Place);
  }

  /** `record:EquivalentResults`: before a test is ordered. */
  equivalentResults(input: EquivalentResultsInput): Promise<EquivalentResultsOutput> {
    const name = 'record:EquivalentResults';
    return this.#calls.read(name, EquivalentResultsInput, input, EquivalentResultsOutput);
  }

  /** `record:ListOrders`, by a laboratory: what it has to answer. */
  listOrders(input: ListOrdersInput): Promise<ListOrdersOutput> {
    return this.#calls.read('record:ListOrders', ListOrdersInput, input, ListOrdersOutput);
  }

  /** `record:SetIndexSecret`, once, by an administrator. */
  setIndexSecret(input: SetIndexSecretInput): Promise<ChangeOutput> {
    return this.#calls.change('record:SetIndexSecret', SetIndexSecretInput, input);
  }

  /** `record:SetAuthorGroup`, by the administrator of the group's organization. */
  setAuthorGroup(input: SetAuthorGroupInput): Promise<ChangeOutput> {
    return this.#calls.change('record:SetAuthorGroup', SetAuthorGroupInput, input);
  }

  /** `record:ReadAuthorGroup`, by a member. */
  readAuthorGroup(groupId: string): Promise<AuthorGroupView> {
    return this.#calls.read(
      'record:ReadAuthorGroup',
      AuthorGroupInput,
      { groupId },
      AuthorGroupView,
    );
  }

  /**
   * Groups of authors in which the caller may write psychotherapy notes about this patient.
   *
   * @throws PulseError `access_denied` when it is none.
   */
  async authorGroups(patientId: string, purpose?: Purpose): Promise<readonly string[]> {
    const wants: Want[] = [{ action: 'create', recordClass: 'psychotherapy-note' }];
    const usual = purpose ?? (await this.#calls.usualPurpose());
    const { claims } = await this.#calls.attestor.access({ patientId, purpose: usual, wants });
    const [decision] = claims.decisions;
    if (decision?.outcome !== 'permit') {
      throw new PulseError(decision?.reason === 'erased' ? 'gone' : 'access_denied');
    }
    return claims.authorGroups;
  }

  /** `record:RequestErasure`, by the patient or a representative. @returns the request's id */
  async requestErasure(patientId: string, scope: ErasureScope): Promise<string> {
    const requestId = random();
    await this.#calls.submitAttested('record:RequestErasure', {
      schema: RequestErasureInput,
      input: { patientId, requestId, scope, saltHex: random() },
      output: ChangeOutput,
      request: { patientId, wants: [erasing(scope)] },
    });
    return requestId;
  }

  /** `record:AnswerErasure`, by the administrator of an organization at which the patient is registered. */
  answerErasure(input: Omit<AnswerErasureInput, 'saltHex'>): Promise<ChangeOutput> {
    return this.#calls.submitAttested('record:AnswerErasure', {
      schema: AnswerErasureInput,
      input: { ...input, saltHex: random() },
      output: ChangeOutput,
      request: { patientId: input.patientId, wants: [erasing('clinical')] },
    });
  }

  /** `record:ListErasable`: which keys are left, as far as they fit into one step. */
  listErasable(input: ErasureInput): Promise<ListErasableOutput> {
    return this.#calls.read('record:ListErasable', ErasureInput, input, ListErasableOutput);
  }

  /**
   * Carries a request out, in steps until nothing is left.
   *
   * @param deleteObjects - deletes encrypted bytes off the ledger, before the keys to them are purged.
   * @returns how many keys were purged.
   */
  async eraseAll(
    input: ErasureInput,
    deleteObjects: (objectIds: readonly string[]) => Promise<void>,
  ): Promise<number> {
    for (let purged = 0; ; ) {
      const keys = await this.eraseStep(input, deleteObjects);
      if (keys === 0) return purged;
      purged += keys;
    }
  }

  /**
   * One step of carrying a request out.
   *
   * @param deleteObjects - as in {@link eraseAll}.
   * @returns how many keys were purged; 0 once nothing was left, which is the receipt.
   */
  async eraseStep(
    input: ErasureInput,
    deleteObjects: (objectIds: readonly string[]) => Promise<void>,
  ): Promise<number> {
    const { keys, objectIds } = await this.listErasable(input);
    await deleteObjects(objectIds);
    const step = { ...input, keys, saltHex: random() };
    await this.#calls.change('record:Erase', EraseInput, step);
    return keys.length;
  }

  /** `record:ReadErasures`: the patient's requests and receipts. */
  readErasures(patientId: string): Promise<ReadErasuresOutput> {
    return this.#calls.read('record:ReadErasures', PatientInput, { patientId }, ReadErasuresOutput);
  }

  /** `record:ListErasures`, by an administrator: what a restored node must have replayed before it serves, or what waits. */
  listErasures(input: ListErasuresInput): Promise<ListErasuresOutput> {
    return this.#calls.read('record:ListErasures', ListErasuresInput, input, ListErasuresOutput);
  }
}

function random(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}

function erasing(scope: ErasureScope): Want {
  return { action: 'erase', recordClass: scope === 'wearable' ? 'vitals' : 'basics' };
}
