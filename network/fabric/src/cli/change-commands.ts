import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { askNetwork } from '../control/client.ts';
import type { ControlRequest } from '../control/messages.ts';
import { type AddNode, describeOperation, type Operation, operationSchema } from '../operation.ts';
import { readState } from '../state.ts';
import { OperationError } from '../verbs/verb-context.ts';
import { type CommonOptions, conclude, tellStep } from './output.ts';

const DAY_MS = 86_400_000;
/** Later than any certificate. */
const NEVER = '9999-12-31T00:00:00Z';

async function ask(options: CommonOptions, request: ControlRequest): Promise<void> {
  await askNetwork(options.data, request, tellStep);
}

async function perform(options: CommonOptions, wanted: Operation): Promise<void> {
  const startedAt = performance.now();
  const operation = parse(wanted);
  await ask(options, { ask: 'perform', operation });
  const tookMs = Math.round(performance.now() - startedAt);
  const words = `Done: ${describeOperation(operation)} (${(tookMs / 1000).toFixed(1)} s).`;
  conclude(options, { done: true, operation, tookMs }, words);
}

function parse(wanted: Operation): Operation {
  const parsed = operationSchema.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new OperationError(
    `${field} is not valid: names have lower-case letters, digits and hyphens, versions no blanks.`,
  );
}

/** The node of a cut-off operation of the same kind, which this one then goes on with. */
function pendingNode(
  pending: Operation | undefined,
  verb: AddNode['verb'],
  organization: string,
): string | undefined {
  if (pending?.verb !== 'add-peer' && pending?.verb !== 'add-orderer') return undefined;
  const isSame = pending.verb === verb && pending.organization === organization;
  return isSame ? pending.node : undefined;
}

/** `peer1` after `peer0`, and so on. */
async function nextName(
  data: string,
  verb: AddNode['verb'],
  organization: string,
): Promise<string> {
  const state = await readState(data);
  const begun = pendingNode(state?.pending, verb, organization);
  if (begun !== undefined) return begun;
  const kind = verb === 'add-peer' ? 'peer' : 'orderer';
  const known = state?.organizations.find((o) => o.name === organization);
  const names = new Set([...(known?.peers ?? []), ...(known?.orderers ?? [])]);
  let i = 0;
  while (names.has(`${kind}${i}`)) i += 1;
  return `${kind}${i}`;
}

export async function addNode(
  verb: AddNode['verb'],
  options: CommonOptions & { org: string; name?: string },
): Promise<void> {
  const node = options.name ?? (await nextName(options.data, verb, options.org));
  await perform(options, { verb, organization: options.org, node });
}

export async function addOrganization(
  options: CommonOptions & { name: string; msp: string; domain: string; collections?: string[] },
): Promise<void> {
  const { name, msp, domain } = options;
  await perform(options, {
    verb: 'add-org',
    organization: { name, mspId: msp, domain, provider: false, peers: ['peer0'], orderers: [] },
    collections: options.collections ?? [],
  });
}

export async function deploy(
  options: CommonOptions & { version: string; chaincode?: string },
): Promise<void> {
  const { version, chaincode } = options;
  await perform(options, {
    verb: 'deploy',
    version,
    ...(chaincode === undefined ? {} : { folder: resolve(chaincode) }),
  });
}

export async function renew(
  options: CommonOptions & { days: number; all?: boolean },
): Promise<void> {
  const limit = new Date(Date.now() + options.days * DAY_MS).toISOString();
  const expiringBefore = options.all === true ? NEVER : limit;
  await perform(options, { verb: 'renew', expiringBefore });
}

export async function revoke(
  options: CommonOptions & { org: string; certificate: string },
): Promise<void> {
  const certificatePem = await readFile(options.certificate, 'utf8');
  await perform(options, { verb: 'revoke', organization: options.org, certificatePem });
}

export async function resume(options: CommonOptions): Promise<void> {
  await ask(options, { ask: 'resume' });
  conclude(options, { done: true }, 'Nothing is left unfinished.');
}

export async function setNode(
  what: 'stop-node' | 'start-node',
  node: string,
  options: CommonOptions,
): Promise<void> {
  await ask(options, { ask: what, node });
  conclude(
    options,
    { done: true, node },
    `${node} is ${what === 'stop-node' ? 'stopped, and stays so' : 'started'}.`,
  );
}
