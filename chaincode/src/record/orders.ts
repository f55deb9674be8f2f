import {
  CLINICAL_KEYS,
  isClosedOrder,
  OrderedDocument,
  type OrderFor,
  PROVIDER_MSP_IDS,
  PulseError,
  type RecordDocument,
} from '@pulseledger/domain';
import { parseDocument, writeDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

function requireLaboratory({ mspId, untilMs }: OrderFor, nowMs: number): void {
  if (!PROVIDER_MSP_IDS.includes(mspId)) {
    throw new PulseError(
      'invalid_input',
      'Only an organization that treats people has a laboratory.',
    );
  }
  if (untilMs <= nowMs) {
    throw new PulseError('invalid_input', 'The order ends before it starts.');
  }
}

/** Tell the laboratory's organization of an order, or that it is closed. */
export async function placeOrder(
  stub: LedgerStub,
  before: RecordDocument | undefined,
  order: RecordDocument,
): Promise<void> {
  const { orderFor, patientId, recordId: orderId, writtenAtMs: nowMs, saltHex } = order;
  if (before?.orderFor != null && before.orderFor.mspId !== orderFor?.mspId) {
    throw new PulseError(
      'conflict',
      'An order stays with its laboratory; revoke it and order anew.',
    );
  }
  if (orderFor === null) return;
  const { mspId } = orderFor;
  const closed = isClosedOrder(order.resource);
  if (!closed) requireLaboratory(orderFor, nowMs);
  const document: OrderedDocument = {
    patientId,
    orderId,
    mspId,
    fromMs: nowMs,
    untilMs: closed ? nowMs : orderFor.untilMs,
    saltHex,
  };
  await writeDocument(stub, CLINICAL_KEYS.ordered(mspId, patientId, orderId), document);
}

/** Most orders of one patient that a laboratory has at a time. */
const MAX_ORDERS = 200;

/** The orders of a patient that the laboratory of this organization has, or had. Only for evaluated functions. */
export async function laboratoryOrders(
  stub: LedgerStub,
  mspId: string,
  patientId: string,
  nowMs: number,
): Promise<OrderedDocument[]> {
  const prefix = { objectType: 'ordered', attributes: [mspId, patientId] };
  const orders: OrderedDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const order = parseDocument(value, OrderedDocument);
    if (order.untilMs === null || nowMs < order.untilMs) orders.push(order);
    if (orders.length === MAX_ORDERS) break;
  }
  return orders;
}
