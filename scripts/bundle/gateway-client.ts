import { dirname, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * What a client of the Gateway service needs of `@hyperledger/fabric-protos`. Its index loads all of Fabric's messages
 * (gossip, discovery, the shim's protocol …), and since they are CommonJS no bundler can leave any of them out. Here the
 * index loads these files; what they refer to comes with them.
 */
const GATEWAY_MESSAGES: readonly string[] = [
  'common/common_pb',
  'gateway/gateway_pb',
  'google/rpc/status_pb',
  'msp/identities_pb',
  'orderer/ab_pb',
  'peer/chaincode_event_pb',
  'peer/chaincode_pb',
  'peer/events_pb',
  'peer/proposal_pb',
  'peer/proposal_response_pb',
  'peer/transaction_pb',
];

/** What is needed to show blocks and chaincode definitions. */
const EXPLORER_MESSAGES: readonly string[] = [
  ...GATEWAY_MESSAGES,
  'common/ledger_pb',
  'common/policies_pb',
  'ledger/rwset/kvrwset/kv_rwset_pb',
  'ledger/rwset/rwset_pb',
  'msp/msp_principal_pb',
  'peer/collection_pb',
  'peer/lifecycle/lifecycle_pb',
  'peer/policy_pb',
];
const EXPLORER = ['ledger', 'src', 'explorer'].join(sep);

/** Our own signer signs in batches (ledger/src/signer.ts); the client's own bring a library of elliptic curves. */
const NO_SIGNER = `
exports.newECPrivateKeySigner = () => {
  throw new Error('The signers of fabric-gateway are left out of this bundle.');
};`;

const PROTOS = /^@hyperledger\/fabric-protos$/;
const INDEX = /fabric-protos[\\/]lib[\\/]index\.js$/;
const SIGNERS = /fabric-gateway[\\/]dist[\\/]identity[\\/](?:ecdsa|hsmsigner)\.js$/;
const FOR_EXPLORER = '?explorer';

/** Module that has the messages where the library's index has them: by folder. */
function indexOf(files: readonly string[]): string {
  const lines = files.flatMap((file) => {
    const folders = file.split('/').slice(0, -1);
    const paths = folders.map((_, depth) => `exports.${folders.slice(0, depth + 1).join('.')}`);
    return [
      ...paths.map((path) => `${path} ??= {};`),
      `Object.assign(${paths.at(-1) ?? 'exports'}, require('./${file}'));`,
    ];
  });
  return lines.join('\n');
}

/** For esbuild: Fabric's client with the messages that are needed, and without signers. */
export const gatewayClient: Plugin = {
  name: 'gateway-client',
  setup: (build) => {
    build.onResolve({ filter: PROTOS }, async ({ path, pluginData, ...asked }) => {
      if (pluginData === PROTOS) return undefined;
      const { kind, resolveDir, importer } = asked;
      const options = { kind, resolveDir, importer, pluginData: PROTOS };
      const found = await build.resolve(path, options);
      return dirname(importer).endsWith(EXPLORER) ? { ...found, suffix: FOR_EXPLORER } : found;
    });
    build.onLoad({ filter: INDEX }, ({ suffix }) => ({
      contents: indexOf(suffix === FOR_EXPLORER ? EXPLORER_MESSAGES : GATEWAY_MESSAGES),
    }));
    build.onLoad({ filter: SIGNERS }, () => ({ contents: NO_SIGNER }));
  },
};
