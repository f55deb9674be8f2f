import {
  AttesterKey,
  ChangeOutput,
  EndRepresentativeInput,
  LinkInput,
  ListAccessInput,
  ListAccessOutput,
  ListAttestersInput,
  ListAttestersOutput,
  ListLinksOutput,
  ListRepresentativesOutput,
  PatientInput,
  PutAttesterKeyInput,
  SetRepresentativeInput,
  UnlinkInput,
} from '@pulseledger/domain';
import { LedgerCalls, type LedgerCallsOptions } from './ledger-calls.ts';
import type { ChartRequest, OpenedChart } from './opened-chart.ts';

/** Who may do what, who did what, and who acts for whom: contract `access`, and the links of patients. */
export class AccessClient {
  readonly calls: LedgerCalls;

  constructor(options: LedgerCallsOptions | LedgerCalls) {
    this.calls = options instanceof LedgerCalls ? options : new LedgerCalls(options);
  }

  /** `access:OpenChart` with what both organizations decided; a refusal is committed, and no class is open. */
  openChart(request: ChartRequest): Promise<OpenedChart> {
    return this.calls.charts.open(request);
  }

  /** Several openings in one batch. */
  openCharts(requests: readonly ChartRequest[]): Promise<OpenedChart[]> {
    return this.calls.charts.openAll(requests);
  }

  /** `access:List`, by the patient or a representative: the accounting of disclosures. */
  listAccess(input: ListAccessInput): Promise<ListAccessOutput> {
    return this.calls.read('access:List', ListAccessInput, input, ListAccessOutput);
  }

  /** `access:Notices`, by the patient or a representative: openings by others. */
  notices(input: ListAccessInput): Promise<ListAccessOutput> {
    return this.calls.read('access:Notices', ListAccessInput, input, ListAccessOutput);
  }

  /** `access:SetRepresentative`, by the patient (proxy) or an administrator (guardian of a minor). */
  setRepresentative(patientId: string, input: SetRepresentativeInput): Promise<ChangeOutput> {
    return this.calls.submitAttested('access:SetRepresentative', {
      ...{ schema: SetRepresentativeInput, input, output: ChangeOutput },
      request: { patientId, wants: [{ action: 'represent', recordClass: 'basics' }] },
    });
  }

  /** `access:EndRepresentative`. */
  endRepresentative(patientId: string, input: EndRepresentativeInput): Promise<ChangeOutput> {
    return this.calls.submitAttested('access:EndRepresentative', {
      ...{ schema: EndRepresentativeInput, input, output: ChangeOutput },
      request: { patientId, wants: [{ action: 'represent', recordClass: 'basics' }] },
    });
  }

  /** `access:ListRepresentatives`. */
  listRepresentatives(input: PatientInput): Promise<ListRepresentativesOutput> {
    const name = 'access:ListRepresentatives';
    return this.calls.read(name, PatientInput, input, ListRepresentativesOutput);
  }

  /** `care:Link`, by a provider's administrator. */
  link(patientId: string, input: LinkInput): Promise<ChangeOutput> {
    return this.calls.submitAttested('care:Link', {
      ...{ schema: LinkInput, input, output: ChangeOutput },
      request: { patientId, wants: [{ action: 'register', recordClass: 'basics' }] },
    });
  }

  /** `care:Unlink`, by a provider's administrator. */
  unlink(patientId: string, input: UnlinkInput): Promise<ChangeOutput> {
    return this.calls.submitAttested('care:Unlink', {
      ...{ schema: UnlinkInput, input, output: ChangeOutput },
      request: { patientId, wants: [{ action: 'register', recordClass: 'basics' }] },
    });
  }

  /** `care:ListLinks`, by a provider's administrator. */
  listLinks(input: PatientInput): Promise<ListLinksOutput> {
    return this.calls.read('care:ListLinks', PatientInput, input, ListLinksOutput);
  }

  /** `access:ListAttesters`: the published keys of the organizations. */
  listAttesters(): Promise<ListAttestersOutput> {
    return this.calls.read('access:ListAttesters', ListAttestersInput, {}, ListAttestersOutput);
  }

  /** `access:PutAttesterKey`, by an administrator: a private key for the own organization's peers. */
  putAttesterKey(input: PutAttesterKeyInput): Promise<ChangeOutput> {
    return this.calls.changeOwn('access:PutAttesterKey', PutAttesterKeyInput, input);
  }

  /** `access:PublishAttester`, by an administrator of the organization. */
  publishAttester(input: AttesterKey): Promise<ChangeOutput> {
    return this.calls.change('access:PublishAttester', AttesterKey, input);
  }
}
