import { randomBytes } from 'node:crypto';
import {
  type AttestedDecision,
  type Claims,
  type EmergencyClaim,
  OpenChartInput,
  PERMIT_LIFE_MS,
  type Purpose,
  type RecordClass,
} from '@pulseledger/domain';
import type { AttestedAccess } from './attestor.ts';
import { encode } from './coding.ts';
import type { LedgerTransaction } from './messages.ts';

const ID_BYTES = 16;

/** Whose chart: a patient's, or for an insurer what a share covers. */
export type ChartOwner = { readonly patientId: string } | { readonly shareId: string };

/** A chart to open. */
export type ChartRequest = ChartOwner & {
  readonly recordClasses: readonly RecordClass[];
  /** The usual one of the caller's role when left out. */
  readonly purpose?: Purpose | undefined;
  readonly emergency?: EmergencyClaim | undefined;
};

/** A chart that was opened, or refused: that is committed as well. */
export interface OpenedChart {
  readonly permitId: string;
  /** The classes that are open. */
  readonly recordClasses: readonly RecordClass[];
  readonly decisions: readonly AttestedDecision[];
  readonly untilMs: number;
}

/** Which chart is remembered under one key. */
export type ChartKey = ChartOwner & Pick<ChartRequest, 'purpose' | 'emergency'>;

/** Permits of open charts, by class. */
export type Permits = ReadonlyMap<RecordClass, string>;

/** An opening, and the transaction that commits it. */
export interface PreparedOpening {
  readonly chart: OpenedChart;
  readonly transaction: LedgerTransaction;
}

/** The opening that attested claims make: of what they permit. */
export function prepareOpening(
  { attestation, claims }: AttestedAccess,
  permitId: string,
): PreparedOpening {
  const input = encode(OpenChartInput, { permitId, saltHex: randomPermitId() });
  const transient = { input, attestation: JSON.stringify(attestation) };
  const { decisions, atMs } = claims;
  const recordClasses = permittedBy(claims);
  return {
    chart: { permitId, recordClasses, decisions, untilMs: atMs + PERMIT_LIFE_MS },
    transaction: { name: 'access:OpenChart', transient },
  };
}

/** A permit's id, or a salt. */
export function randomPermitId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

/** The classes that were asked for and are permitted. */
export function permittedBy({ decisions }: Claims): RecordClass[] {
  const open = decisions.filter(({ outcome }) => outcome === 'permit');
  return open.map(({ recordClass }) => recordClass);
}

/** Was it refused because there is nothing any more? */
export function isErased({ decisions }: OpenedChart): boolean {
  return decisions.some(({ reason }) => reason === 'erased');
}
