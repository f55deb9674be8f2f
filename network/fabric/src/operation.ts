import { z } from 'zod';
import {
  type OrganizationDefinition,
  organizationDefinitionSchema,
} from '../../definition/src/index.ts';

const label = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);

/** A change of a running network, as it is asked for and as it is kept until it is done. */
export type Operation =
  | {
      readonly verb: 'add-peer' | 'add-orderer';
      /** The organization's short name. */
      readonly organization: string;
      /** Short name of the new node, e.g. `peer1`. */
      readonly node: string;
    }
  | {
      readonly verb: 'add-org';
      readonly organization: OrganizationDefinition;
      /** Private data collections of which it becomes a member. */
      readonly collections: readonly string[];
    }
  | {
      readonly verb: 'deploy';
      readonly version: string;
      /** Folder of the chaincode's package.json; without it the project's own. */
      readonly folder?: string | undefined;
    }
  | {
      readonly verb: 'renew';
      /** Every certificate that ends before this (ISO 8601) is replaced. */
      readonly expiringBefore: string;
      /** Certificates to replace, by fingerprint; worked out once, so that going on replaces nothing twice. */
      readonly fingerprints?: readonly string[] | undefined;
    }
  | {
      readonly verb: 'revoke';
      readonly organization: string;
      readonly certificatePem: string;
    };

/** Checks an operation that came from outside. */
export const operationSchema: z.ZodType<Operation> = z.discriminatedUnion('verb', [
  z.strictObject({
    verb: z.enum(['add-peer', 'add-orderer']),
    organization: z.string(),
    node: label,
  }),
  z.strictObject({
    verb: z.literal('add-org'),
    organization: organizationDefinitionSchema,
    collections: z.array(z.string()),
  }),
  z.strictObject({
    verb: z.literal('deploy'),
    version: z.string().regex(/^[A-Za-z0-9_.+-]+$/),
    folder: z.string().optional(),
  }),
  z.strictObject({
    verb: z.literal('renew'),
    expiringBefore: z.iso.datetime(),
    fingerprints: z.array(z.string()).optional(),
  }),
  z.strictObject({
    verb: z.literal('revoke'),
    organization: z.string(),
    certificatePem: z.string().startsWith('-----BEGIN CERTIFICATE-----'),
  }),
]);

/** One more node for an organization. */
export type AddNode = Extract<Operation, { verb: 'add-peer' | 'add-orderer' }>;
export type AddOrganization = Extract<Operation, { verb: 'add-org' }>;
export type Deploy = Extract<Operation, { verb: 'deploy' }>;
export type Renew = Extract<Operation, { verb: 'renew' }>;
export type Revoke = Extract<Operation, { verb: 'revoke' }>;

/** The operation in a few words, e.g. `add-peer hospital peer1`. */
export function describeOperation(operation: Operation): string {
  switch (operation.verb) {
    case 'add-peer':
    case 'add-orderer':
      return `${operation.verb} ${operation.organization} ${operation.node}`;
    case 'add-org':
      return `add-org ${operation.organization.name}`;
    case 'deploy':
      return `deploy ${operation.version}`;
    case 'renew':
      return 'renew';
    case 'revoke':
      return `revoke ${operation.organization}`;
  }
}
