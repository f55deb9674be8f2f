import { isDeepStrictEqual } from 'node:util';
import { describeOperation, type Operation } from '../operation.ts';
import { addOrderer } from './add-orderer.ts';
import { addOrganization } from './add-organization.ts';
import { addPeer } from './add-peer.ts';
import { checkOperation } from './check-operation.ts';
import { deploy } from './deploy.ts';
import { renew } from './renew.ts';
import { revoke } from './revoke.ts';
import { OperationError, type VerbContext } from './verb-context.ts';

/** When a renewal was begun does not make it another one. */
function isSame(a: Operation, b: Operation): boolean {
  return isDeepStrictEqual(a, b) || (a.verb === 'renew' && b.verb === 'renew');
}

async function work(context: VerbContext, operation: Operation): Promise<void> {
  switch (operation.verb) {
    case 'add-peer':
      return addPeer(context, operation);
    case 'add-orderer':
      return addOrderer(context, operation);
    case 'add-org':
      return addOrganization(context, operation);
    case 'deploy':
      return deploy(context, operation);
    case 'renew':
      return renew(context, operation);
    case 'revoke':
      return revoke(context, operation);
  }
}

/**
 * Does what is asked, and keeps on record that it was begun until it is done: the same again goes on where it was
 * cut off, since every step first looks whether it is done.
 *
 * @throws OperationError when it cannot be done; whatever a step throws.
 */
export async function perform(context: VerbContext, asked: Operation): Promise<void> {
  const { pending } = context.state;
  if (pending !== undefined && !isSame(pending, asked)) {
    throw new OperationError(
      `"${describeOperation(pending)}" was begun and is not finished. Finish it first with: resume`,
    );
  }
  if (pending === undefined) checkOperation(context.state, context.layout.definition, asked);
  const operation = pending ?? asked;
  await work(context, operation);
  const { pending: done, ...rest } = context.state;
  if (done !== undefined) await context.save(rest);
}
