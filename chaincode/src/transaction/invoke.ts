import { canonicalJson } from '@pulseledger/domain';
import { authorize } from '../access/authorize.ts';
import { type Caller, identify } from '../access/caller.ts';
import type { FunctionName } from '../access/rules.ts';
import type { LedgerContext, LedgerStub } from './ledger-context.ts';
import { outward } from './outward.ts';

/** One call of a transaction function, after the guard and with its input parsed. */
export interface Call<Input> {
  readonly stub: LedgerStub;
  readonly caller: Caller;
  readonly input: Input;
  /** The transaction's time: the only clock a contract has. */
  readonly nowMs: number;
}

/** A transaction function; the guard runs before its input is read. */
export interface TransactionFunction<Input> {
  readonly name: FunctionName;
  readonly input: (stub: LedgerStub) => Input;
  readonly run: (call: Call<Input>) => Promise<object>;
}

/**
 * Run a transaction function.
 *
 * @returns canonical JSON, so that every endorser answers the same bytes.
 * @throws Error whose text starts with an error code.
 */
export async function invoke<Input>(
  context: LedgerContext,
  { name, input, run }: TransactionFunction<Input>,
): Promise<string> {
  const { stub } = context;
  try {
    const caller = identify(context);
    authorize(caller, name);
    const nowMs = stub.getDateTimestamp().getTime();
    return canonicalJson(await run({ stub, caller, input: input(stub), nowMs }));
  } catch (error) {
    throw outward(error);
  }
}
