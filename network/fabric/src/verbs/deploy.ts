import { setTimeout as delay } from 'node:timers/promises';
import { firstPeers } from '../channel/administrator.ts';
import { deployChaincode } from '../channel/lifecycle.ts';
import type { LocalLayout } from '../local-layout.ts';
import type { Deploy } from '../operation.ts';
import { awaitEndorsers } from '../readiness.ts';
import type { NetworkState } from '../state.ts';
import type { VerbContext } from './verb-context.ts';

/**
 * How long the former chaincode goes on after the change. A transaction that began under it takes milliseconds; one
 * that takes longer than this fails, and its client asks again.
 */
const FORMER_STAYS_MS = 5_000;

function withChaincode(state: NetworkState, { version, folder }: Deploy): NetworkState {
  const slot = state.chaincode.slot === 'blue' ? 'green' : 'blue';
  const { wanted } = state.chaincode;
  return {
    ...state,
    chaincode: { version, slot, wanted, ...(folder === undefined ? {} : { folder }) },
  };
}

async function startAll(
  context: VerbContext,
  layout: LocalLayout,
  folder: string | undefined,
): Promise<void> {
  for (const place of layout.chaincodes) await context.startChaincode(layout, place, folder);
}

/** Ends every chaincode process that the layout does not name. */
async function stopOthers({ nodeSet }: VerbContext, layout: LocalLayout): Promise<void> {
  const current = new Set(layout.chaincodes.map(({ host }) => host));
  const others = nodeSet
    .report()
    .filter(({ kind, name }) => kind === 'chaincode' && !current.has(name));
  await Promise.all(others.map(({ name }) => nodeSet.stop(name)));
}

/** Starts the next chaincode and keeps on record that it is the one; nothing is changed when it does not start. */
async function begin(context: VerbContext, operation: Deploy): Promise<void> {
  const { step } = context;
  const former = context.layout;
  const next = withChaincode(context.state, operation);
  const layout = await step('packages', () => context.layOut(next));
  try {
    await step(`chaincode ${operation.version} listens beside the former`, () =>
      startAll(context, layout, operation.folder),
    );
  } catch (error) {
    await stopOthers(context, former);
    throw error;
  }
  await context.save({ ...next, pending: operation });
}

/**
 * Changes the chaincode's version (or code) while transactions run: the next one starts beside the present one, is
 * installed and approved everywhere, committed, and only then is the former one stopped. Going back is the same
 * with the former version.
 *
 * A chaincode that does not start changes nothing.
 */
export async function deploy(context: VerbContext, operation: Deploy): Promise<void> {
  const { step, tools } = context;
  if (context.state.pending === undefined) await begin(context, operation);
  const { layout } = context;
  await step(`chaincode ${operation.version} installed, approved and committed`, () =>
    deployChaincode(layout, tools),
  );
  await step('every gateway reaches its endorsers', () =>
    awaitEndorsers(layout, firstPeers(layout)),
  );
  await step('the former chaincode has ended', async () => {
    await delay(FORMER_STAYS_MS);
    await stopOthers(context, layout);
  });
}
