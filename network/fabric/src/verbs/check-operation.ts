import { X509Certificate } from 'node:crypto';
import {
  hostName,
  type NetworkDefinition,
  type OrganizationDefinition,
} from '../../../definition/src/index.ts';
import type { AddOrganization, Operation } from '../operation.ts';
import type { NetworkState } from '../state.ts';
import { OperationError } from './verb-context.ts';

/** Beyond this a machine runs out of memory, not of names: a peer takes 45 MB at rest, and more under load. */
const MAX_NODES_OF_ONE_KIND = 16;

function organizationOf(state: NetworkState, name: string): OrganizationDefinition {
  const found = state.organizations.find((o) => o.name === name);
  if (found !== undefined) return found;
  const known = state.organizations.map((o) => o.name).join(', ');
  throw new OperationError(`There is no organization "${name}". There are: ${known}.`);
}

function checkNode(
  organization: OrganizationDefinition,
  existing: readonly string[],
  node: string,
): void {
  const host = hostName(organization, node);
  if ([...organization.peers, ...organization.orderers].includes(node)) {
    throw new OperationError(`${host} exists already. Choose another name with --name.`);
  }
  if (existing.length >= MAX_NODES_OF_ONE_KIND) {
    throw new OperationError(
      `${organization.name} has ${existing.length} of them already, the most that one machine is given.`,
    );
  }
}

function checkOrganization(
  state: NetworkState,
  definition: NetworkDefinition,
  operation: AddOrganization,
): void {
  const { organization, collections } = operation;
  const taken = state.organizations.find(
    (o) =>
      o.name === organization.name ||
      o.mspId === organization.mspId ||
      o.domain === organization.domain,
  );
  if (taken !== undefined) {
    throw new OperationError(
      `${taken.name} (${taken.mspId}, ${taken.domain}) exists already. Name, MSP ID and domain must be new.`,
    );
  }
  if (organization.orderers.length > 0) {
    throw new OperationError('An organization joins without orderers; add them with add-orderer.');
  }
  const known = definition.chaincode.collections.map((c) => c.name);
  const unknown = collections.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new OperationError(
      `There is no collection "${unknown}". There are: ${known.join(', ')}.`,
    );
  }
}

/**
 * Whether an operation can be begun.
 *
 * @throws OperationError saying why not and what to do.
 */
export function checkOperation(
  state: NetworkState,
  definition: NetworkDefinition,
  operation: Operation,
): void {
  switch (operation.verb) {
    case 'add-peer': {
      const organization = organizationOf(state, operation.organization);
      checkNode(organization, organization.peers, operation.node);
      break;
    }
    case 'add-orderer': {
      const organization = organizationOf(state, operation.organization);
      checkNode(organization, organization.orderers, operation.node);
      break;
    }
    case 'add-org':
      checkOrganization(state, definition, operation);
      break;
    case 'revoke':
      organizationOf(state, operation.organization);
      checkCertificate(operation.certificatePem);
      break;
    case 'deploy':
    case 'renew':
      break;
  }
}

function checkCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new OperationError('The file holds no certificate (PEM).', { cause: error });
  }
}
