/**
 * The ledger for its operators: blocks, transactions, chaincodes, peers. Public state, hashes and who endorsed, never a value.
 * Every member of the channel may ask its peer for this; the API offers it to administrators only, because nobody else needs it.
 */
import {
  BlockAnswer,
  BlocksAnswer,
  ChaincodesAnswer,
  DigestHex,
  LedgerAnswer,
  MAX_BLOCK_PAGE,
  PulseError,
  TransactionAnswer,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import type { LedgerPort } from '../record/ledger-port.ts';
import { nothingToSee } from '../record/port.ts';
import { parsed } from './plain-input.ts';

const NO_QUERY = z.strictObject({});
const BlocksQuery = z.strictObject({
  before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  pageSize: z.coerce.number().int().min(1).max(MAX_BLOCK_PAGE).default(MAX_BLOCK_PAGE),
});
/** A block's number as people write it; nothing else that a number could be read from. */
const BlockNumber = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,14})$/)
  .transform(Number);

const READ = { method: 'GET', format: 'plain', access: 'login' } as const;

export const LEDGER_ROUTES: readonly Route[] = [
  {
    ...{ ...READ, path: 'ledger', summary: 'How far each peer has come' },
    ...{ query: NO_QUERY, answer: LedgerAnswer },
    handle: (call: Call) => answered(call, NO_QUERY, (ledger) => ledger.overview()),
  },
  {
    ...{ ...READ, path: 'ledger/blocks', summary: 'Blocks, newest first' },
    ...{ query: BlocksQuery, answer: BlocksAnswer },
    handle: (call: Call) =>
      answered(call, BlocksQuery, (ledger, { before, pageSize }) =>
        ledger.blocks(before, pageSize),
      ),
  },
  {
    ...{ ...READ, path: 'ledger/blocks/:number', summary: 'A block and its transactions' },
    ...{ query: NO_QUERY, answer: BlockAnswer },
    handle: (call: Call) =>
      answered(call, NO_QUERY, (ledger) => ledger.block(named(BlockNumber, call.path['number']))),
  },
  {
    ...{ ...READ, path: 'ledger/transactions/:id', summary: 'A transaction' },
    ...{ query: NO_QUERY, answer: TransactionAnswer },
    handle: (call: Call) =>
      answered(call, NO_QUERY, (ledger) => ledger.transaction(named(DigestHex, call.path['id']))),
  },
  {
    ...{ ...READ, path: 'ledger/chaincodes', summary: 'The chaincodes of the channel' },
    ...{ query: NO_QUERY, answer: ChaincodesAnswer },
    handle: (call: Call) => answered(call, NO_QUERY, (ledger) => ledger.chaincodes()),
  },
];

async function answered<Query>(
  { caller, ledger, request }: Call,
  schema: z.ZodType<Query>,
  ask: (ledger: LedgerPort, query: Query) => Promise<object>,
): Promise<Reply> {
  if (caller.role !== 'administrator') throw new PulseError('access_denied');
  return ok(await ask(ledger, parsed(schema, Object.fromEntries(request.query))));
}

/** What can name nothing looks like what is not there. @throws PulseError `not_found` */
function named<T>(schema: z.ZodType<T>, text: string | undefined): T {
  const result = schema.safeParse(text);
  if (!result.success) throw nothingToSee();
  return result.data;
}
