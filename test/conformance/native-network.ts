import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ChaincodeService,
  startChaincodeService,
} from '@pulseledger/network/chaincode-service';
import { type FabricNetwork, findPrograms, startFabric } from '@pulseledger/network/fabric';
import {
  createGenesisBlock,
  joinOrderer,
  joinPeer,
  ordererStanding,
} from '../../network/fabric/src/channel/join.ts';
import { chaincodePackage, packageId } from '../../network/fabric/src/render/chaincode-package.ts';
import type { Layout } from '../../network/fabric/src/render/layout.ts';
import { type FabricTools, localTools } from '../../network/fabric/src/tools.ts';
import { DEFINITION, EXTRA, EXTRA_CHAINCODE, EXTRA_MEMBERS, OTHER } from './definition.ts';
import { freePort } from './free-port.ts';
import { existing } from './identities.ts';
import { approval, commitment, install, lifecycleSubmit } from './lifecycle.ts';
import { mspId, Person } from './person.ts';
import type { Profile, StartedNetwork } from './start-network.ts';

const LABEL = `${OTHER.name}_${OTHER.version}`;
/** A new channel works after some seconds. */
const MAX_TRIES = 60;
const TRY_AGAIN_MS = 500;
const NAMES = DEFINITION.organizations.map(({ name }) => name);

async function administratorOf(
  profile: Profile,
  keysDir: string,
  organization: string,
): Promise<Person> {
  return new Person({
    profile,
    at: organization,
    identity: await existing(keysDir, organization, 'administrator'),
    mspId: mspId(organization),
    onTransaction: () => undefined,
  });
}

interface DeployedOther {
  readonly stop: () => Promise<void>;
  readonly ids: ReadonlyMap<string, string>;
}

interface InstalledOther {
  readonly service: ChaincodeService;
  readonly chaincodeId: string;
}

/** A chaincode process of its own for one organization's peer, installed and approved. */
async function installOther(
  administrator: Person,
  organization: string,
  folders: { readonly chaincode: string; readonly temporary: string },
): Promise<InstalledOther> {
  const address = `127.0.0.1:${await freePort()}`;
  const bytes = chaincodePackage(LABEL, address);
  const chaincodeId = packageId(LABEL, bytes);
  const service = await startChaincodeService({
    address,
    chaincodeId,
    logFile: join(folders.temporary, `${organization}.log`),
    folder: folders.chaincode,
  });
  await install(administrator, bytes);
  await lifecycleSubmit(administrator, {
    name: 'ApproveChaincodeDefinitionForMyOrg',
    argument: approval(OTHER, 1, chaincodeId).serializeBinary(),
    by: [organization],
  });
  return { service, chaincodeId };
}

/** The network's layout as a channel of some organizations has it. */
function channelLayout(layout: Layout): Layout {
  const organizations = layout.definition.organizations.filter(({ name }) =>
    EXTRA_MEMBERS.includes(name),
  );
  const isMember = ({
    organization,
  }: {
    readonly organization: { readonly name: string };
  }): boolean => EXTRA_MEMBERS.includes(organization.name);
  const channelFolder = `${layout.channelFolder}-${EXTRA}`;
  return {
    ...layout,
    definition: { ...layout.definition, channel: EXTRA, organizations },
    channelFolder,
    genesisBlockFile: join(channelFolder, 'genesis.block'),
    peers: layout.peers.filter(isMember),
    orderers: layout.orderers.filter(isMember),
  };
}

async function awaitChannelLeader(layout: Layout, tools: FabricTools): Promise<void> {
  const [orderer] = layout.orderers;
  for (let tries = 0; orderer !== undefined && tries < 100; tries += 1) {
    const found = await ordererStanding(layout, tools, orderer);
    if (found?.status === 'active') return;
    await delay(200);
  }
}

/** Makes the second channel and commits the second chaincode on it. */
async function makeExtraChannel(
  network: FabricNetwork,
  keysDir: string,
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const layout = channelLayout(network.layout);
  const tools = localTools(findPrograms());
  await createGenesisBlock(layout, tools);
  for (const orderer of layout.orderers) await joinOrderer(layout, tools, orderer);
  for (const one of layout.peers) await joinPeer(layout, tools, one);
  await awaitChannelLeader(layout, tools);
  for (const name of EXTRA_MEMBERS) {
    await asAdministrator(network.profile, keysDir, name, (person) =>
      lifecycleSubmit(person, {
        name: 'ApproveChaincodeDefinitionForMyOrg',
        argument: approval(EXTRA_CHAINCODE, 1, ids.get(name)).serializeBinary(),
        by: [name],
        channel: EXTRA,
      }),
    );
  }
  await asAdministrator(network.profile, keysDir, 'hospital', (person) =>
    lifecycleSubmit(person, {
      name: 'CommitChaincodeDefinition',
      argument: commitment(EXTRA_CHAINCODE, 1).serializeBinary(),
      by: EXTRA_MEMBERS,
      channel: EXTRA,
    }),
  );
}

/** Peers of a new channel find each other after a moment, and leaders their followers. */
async function asAdministrator(
  profile: Profile,
  keysDir: string,
  organization: string,
  work: (person: Person) => Promise<void>,
): Promise<void> {
  const person = await administratorOf(profile, keysDir, organization);
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        await work(person);
        return;
      } catch (error) {
        if (tries === MAX_TRIES) throw error;
        await delay(TRY_AGAIN_MS);
      }
    }
  } finally {
    person.close();
  }
}

/**
 * Commits the second chaincode. It needs processes of its own: a peer keeps one conversation for a package, in which a
 * transaction can run only once.
 *
 * @returns how to stop its processes, and the package IDs by organization.
 */
async function deployOther(
  profile: Profile,
  keysDir: string,
  chaincode: string,
): Promise<DeployedOther> {
  const temporary = await mkdtemp(join(tmpdir(), 'conformance-other-'));
  const people: Person[] = [];
  const services: ChaincodeService[] = [];
  const ids = new Map<string, string>();
  const stop = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop()));
    await rm(temporary, { recursive: true, force: true });
  };
  try {
    for (const name of NAMES) people.push(await administratorOf(profile, keysDir, name));
    for (const [index, name] of NAMES.entries()) {
      const person = people[index];
      if (person === undefined) continue;
      const installed = await installOther(person, name, { chaincode, temporary });
      services.push(installed.service);
      ids.set(name, installed.chaincodeId);
    }
    const [first] = people;
    if (first === undefined) throw new RangeError('The network has no organization.');
    await lifecycleSubmit(first, {
      name: 'CommitChaincodeDefinition',
      argument: commitment(OTHER, 1).serializeBinary(),
      by: NAMES,
    });
  } catch (error) {
    await stop();
    throw error;
  } finally {
    for (const person of people) person.close();
  }
  return { stop, ids };
}

/** Starts native Fabric with both chaincodes. */
export async function startNative(dir: string, chaincode: string): Promise<StartedNetwork> {
  const network = await startFabric({
    dataDir: dir,
    definition: DEFINITION,
    chaincodeFolder: chaincode,
    onProgress: ({ step, tookMs }) => process.stderr.write(`  ${step} (${tookMs} ms)\n`),
  });
  const keysDir = join(dir, 'keys');
  try {
    const other = await deployOther(network.profile, keysDir, chaincode);
    await makeExtraChannel(network, keysDir, other.ids);
    const stop = async (): Promise<void> => {
      await network.stop();
      await other.stop();
    };
    return { kind: 'fabric', profile: network.profile, keysDir, stop };
  } catch (error) {
    await network.stop();
    throw error;
  }
}
