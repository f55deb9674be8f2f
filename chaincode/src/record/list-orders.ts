import {
  CLINICAL_KEYS,
  ListOrdersInput,
  type ListOrdersOutput,
  OrderedDocument,
  type OrderToAnswer,
} from '@pulseledger/domain';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Orders, open and closed, that one call looks at. */
const MAX_SCANNED = 500;

/** What the laboratory of the caller's organization has to answer now; what an order says stands in the order. */
async function listOrders({
  stub,
  caller: { mspId },
  input: { pageSize, after },
  nowMs,
}: Call<ListOrdersInput>): Promise<ListOrdersOutput> {
  const prefix = { objectType: 'ordered', attributes: [mspId] };
  const start =
    after === undefined
      ? rangeStart(prefix)
      : rangeAfter(CLINICAL_KEYS.ordered(mspId, after.patientId, after.orderId));
  const orders: OrderToAnswer[] = [];
  let scanned = 0;
  for await (const { value } of entries(stub, start, rangeEnd(prefix))) {
    const { patientId, orderId, fromMs, untilMs } = parseDocument(value, OrderedDocument);
    if (untilMs === null || nowMs < untilMs) orders.push({ patientId, orderId, fromMs, untilMs });
    scanned += 1;
    if (orders.length === pageSize || scanned === MAX_SCANNED) {
      return { orders, next: { patientId, orderId } };
    }
  }
  return { orders };
}

export const LIST_ORDERS: TransactionFunction<ListOrdersInput> = {
  name: 'record:ListOrders',
  input: inputOf(ListOrdersInput),
  run: listOrders,
};
