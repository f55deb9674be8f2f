import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChaincodeService,
  startChaincodeService,
} from '@pulseledger/network/chaincode-service';
import { startFabric } from '@pulseledger/network/fabric';
import { chaincodePackage, packageId } from '../../network/fabric/src/render/chaincode-package.ts';
import { DEFINITION, OTHER } from './definition.ts';
import { freePort } from './free-port.ts';
import { existing } from './identities.ts';
import { approval, commitment, install, lifecycleSubmit } from './lifecycle.ts';
import { mspId, Person } from './person.ts';
import type { Profile, StartedNetwork } from './start-network.ts';

const LABEL = `${OTHER.name}_${OTHER.version}`;
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

/** A chaincode process of its own for one organization's peer, installed and approved. */
async function installOther(
  administrator: Person,
  organization: string,
  folders: { readonly chaincode: string; readonly temporary: string },
): Promise<ChaincodeService> {
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
  return service;
}

/**
 * Commits the second chaincode. It needs processes of its own: a peer keeps one conversation for a package, in which a
 * transaction can run only once.
 *
 * @returns how to stop its processes.
 */
async function deployOther(
  profile: Profile,
  keysDir: string,
  chaincode: string,
): Promise<() => Promise<void>> {
  const temporary = await mkdtemp(join(tmpdir(), 'conformance-other-'));
  const people: Person[] = [];
  const services: ChaincodeService[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop()));
    await rm(temporary, { recursive: true, force: true });
  };
  try {
    for (const name of NAMES) people.push(await administratorOf(profile, keysDir, name));
    for (const [index, name] of NAMES.entries()) {
      const person = people[index];
      if (person === undefined) continue;
      services.push(await installOther(person, name, { chaincode, temporary }));
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
  return stop;
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
    const stopOther = await deployOther(network.profile, keysDir, chaincode);
    const stop = async (): Promise<void> => {
      await network.stop();
      await stopOther();
    };
    return { kind: 'fabric', profile: network.profile, keysDir, stop };
  } catch (error) {
    await network.stop();
    throw error;
  }
}
