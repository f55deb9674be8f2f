import { eventually } from '../../../processes/src/index.ts';
import { joinOrderer, ordererStanding } from '../channel/join.ts';
import { reconcileChannel } from '../channel/update.ts';
import type { LocalLayout } from '../local-layout.ts';
import type { AddNode } from '../operation.ts';
import { NotReadyError } from '../readiness.ts';
import type { OrdererPlace } from '../render/layout.ts';
import { withOrganization } from '../state.ts';
import { OperationError, type VerbContext } from './verb-context.ts';

const CATCH_UP_TIMEOUT_MS = 10 * 60_000;
const CONSENTER_TIMEOUT_MS = 2 * 60_000;
const POLL_MS = 300;

function ordererNamed(layout: LocalLayout, organization: string, name: string): OrdererPlace {
  const found = layout.orderers.find(
    (o) => o.organization.name === organization && o.name === name,
  );
  if (found !== undefined) return found;
  throw new OperationError(`There is no orderer ${name} of ${organization}.`);
}

async function highest(
  context: VerbContext,
  layout: LocalLayout,
  except: OrdererPlace,
): Promise<number> {
  const others = layout.orderers.filter((o) => o.host !== except.host);
  const standings = await Promise.all(
    others.map((orderer) => ordererStanding(layout, context.tools, orderer)),
  );
  return Math.max(0, ...standings.map((s) => s?.height ?? 0));
}

/** Waits until an orderer has every block that the others have now. @throws NotReadyError */
async function awaitBlocks(
  context: VerbContext,
  layout: LocalLayout,
  orderer: OrdererPlace,
): Promise<void> {
  const wanted = await highest(context, layout, orderer);
  const isThere = async (): Promise<boolean> =>
    ((await ordererStanding(layout, context.tools, orderer))?.height ?? 0) >= wanted;
  if (await eventually(isThere, CATCH_UP_TIMEOUT_MS, POLL_MS)) return;
  throw new NotReadyError(`${orderer.host} has not caught up with block ${wanted}; see its log.`);
}

/** Whether an orderer takes part in ordering. */
async function isConsenter(
  { tools }: VerbContext,
  layout: LocalLayout,
  orderer: OrdererPlace,
): Promise<boolean> {
  const standing = await ordererStanding(layout, tools, orderer);
  return standing?.consensusRelation === 'consenter' && standing.status === 'active';
}

/**
 * Clients are not sent to it before it orders: as a follower it answers them that the channel does not exist. An
 * organization's first orderer is its only endpoint, and must have one.
 */
function unlisted(orderer: OrdererPlace): string[] {
  return orderer.organization.orderers.length > 1 ? [orderer.host] : [];
}

/** Waits until an orderer takes part in ordering, with every block that the others have now. @throws NotReadyError */
export async function awaitConsenter(
  context: VerbContext,
  layout: LocalLayout,
  orderer: OrdererPlace,
): Promise<void> {
  const takesPart = (): Promise<boolean> => isConsenter(context, layout, orderer);
  if (!(await eventually(takesPart, CONSENTER_TIMEOUT_MS, POLL_MS))) {
    throw new NotReadyError(`${orderer.host} does not take part in ordering; see its log.`);
  }
  await awaitBlocks(context, layout, orderer);
}

/**
 * One more orderer. It follows the others until it has every block, and only then counts for the quorum: a channel is
 * never left waiting for one that is still reading.
 */
export async function addOrderer(context: VerbContext, operation: AddNode): Promise<void> {
  const { step, tools } = context;
  const { organization, node } = operation;
  const layout = await step('keys and configuration', () =>
    context.save({
      ...withOrganization(context.state, organization, (o) => ({
        ...o,
        orderers: [...new Set([...o.orderers, node])],
      })),
      pending: operation,
    }),
  );
  const orderer = ordererNamed(layout, organization, node);
  const { mspId } = orderer.organization;
  await step(`${orderer.host} started, follows the others`, async () => {
    await context.nodeSet.startOrderer(layout, orderer);
    await joinOrderer(layout, tools, orderer);
  });
  await step(`${orderer.host} has every block`, () => awaitBlocks(context, layout, orderer));
  await step('the channel names it as consenter', async () => {
    if (await isConsenter(context, layout, orderer)) return;
    await reconcileChannel({ ...layout, unlisted: unlisted(orderer) }, tools, mspId);
  });
  await step(`${orderer.host} takes part in ordering`, () =>
    awaitConsenter(context, layout, orderer),
  );
  await step('the channel sends clients to it', () => reconcileChannel(layout, tools, mspId));
  await context.publishProfile();
}
