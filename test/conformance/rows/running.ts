import { gateway, peer } from '@hyperledger/fabric-protos';
import { Signer } from '../../../network/devnet/src/msp/signer.ts';
import { proposal } from '../../../network/devnet/src/testing/messages.ts';
import {
  chaincodePackage,
  packageId,
} from '../../../network/fabric/src/render/chaincode-package.ts';
import { collection, Deployment, processProposal } from '../deployment.ts';
import { codeName, outcomeOf } from '../person.ts';
import { type Row, step } from '../row.ts';
import { keysOf } from '../rwset-keys.ts';
import type { World } from '../world.ts';

const { lifecycle } = peer;
const LIFECYCLE = '_lifecycle';

async function installing(world: World): Promise<unknown> {
  const deployment = new Deployment(world);
  const label = `${deployment.name}_1.0`;
  const bytes = chaincodePackage(label, '127.0.0.1:9');
  const id = packageId(label, bytes);
  world.name(id, '<package>');
  const ask = async (name: string, argument: { serializeBinary(): Uint8Array }): Promise<unknown> =>
    processProposal(await deployment.administrator('hospital'), {
      chaincode: LIFECYCLE,
      channel: '',
      args: [name, argument.serializeBinary()],
    });
  const one = new lifecycle.QueryInstalledChaincodeArgs();
  one.setPackageId(id);
  const ghost = new lifecycle.QueryInstalledChaincodeArgs();
  ghost.setPackageId('ghost:00');
  const file = new lifecycle.GetInstalledChaincodePackageArgs();
  file.setPackageId(id);
  const noFile = new lifecycle.GetInstalledChaincodePackageArgs();
  noFile.setPackageId('ghost:00');
  return {
    before: [
      await ask('QueryInstalledChaincode', one),
      await ask('GetInstalledChaincodePackage', file),
    ],
    empty: await deployment.install('hospital', new Uint8Array()),
    garbage: await deployment.install('hospital', Buffer.from('no package, but long enough')),
    badLabel: await deployment.install('hospital', chaincodePackage('a b', '127.0.0.1:9')),
    installed: await deployment.install('hospital', bytes),
    again: await deployment.install('hospital', bytes),
    query: await ask('QueryInstalledChaincode', one),
    ghost: await ask('QueryInstalledChaincode', ghost),
    noFile: await ask('GetInstalledChaincodePackage', noFile),
    file: 'result' in Object(await ask('GetInstalledChaincodePackage', file)),
    elsewhere: await processProposal(await deployment.administrator('clinic'), {
      chaincode: LIFECYCLE,
      channel: '',
      args: ['QueryInstalledChaincode', one.serializeBinary()],
    }),
    asUser: await processProposal(await world.person('hospital'), {
      chaincode: LIFECYCLE,
      channel: '',
      args: ['QueryInstalledChaincode', one.serializeBinary()],
    }),
    onChannel: await deployment.ask(
      { of: 'hospital', node: 'administrator' },
      'QueryInstalledChaincode',
      one.serializeBinary(),
    ),
    approveWithout: await processProposal(await deployment.administrator('hospital'), {
      chaincode: LIFECYCLE,
      channel: '',
      args: ['CommitChaincodeDefinition', deployment.commitment()],
    }),
  };
}

async function running(world: World): Promise<unknown> {
  const deployment = new Deployment(world);
  const { bytes, id } = await deployment.serve();
  const script = [
    ['put', '@a', '1'],
    ['getPrivate', 'late', '@a'],
  ] as const;
  const name = deployment.name;
  const direct = async (of: 'hospital' | 'clinic' | 'insurer'): Promise<unknown> =>
    processProposal(await world.person(of), {
      chaincode: name,
      args: ['run', JSON.stringify([['try', ...script[1]]])],
    });
  const late = collection('late', ['hospital', 'clinic']);
  return {
    undefinedYet: await direct('hospital'),
    installed: await deployment.install('hospital', bytes),
    define: await deployment.define({ packageId: id }),
    hospital: await deployment.evaluate('hospital', [['try', ...script[1]]]),
    clinic: await direct('clinic'),
    insurer: await direct('insurer'),
    upgrade: await deployment.define({
      sequence: 2,
      version: '2.0',
      collections: [late],
      packageId: id,
    }),
    upgraded: await deployment.evaluate('hospital', [['try', ...script[1]]]),
    submitted: await world.submit('hospital', {
      chaincode: name,
      script: [script[0]],
      by: ['hospital'],
    }),
  };
}

async function withdrawn(world: World): Promise<unknown> {
  const deployment = new Deployment(world);
  const { bytes, id } = await deployment.serve();
  const call = { chaincode: deployment.name, args: ['run', '[["creator"]]'] };
  const direct = async (): Promise<unknown> =>
    processProposal(await world.person('hospital'), call);
  await deployment.install('hospital', bytes);
  await deployment.define({ packageId: id });
  const ready = await deployment.evaluate('hospital', [['creator']]);
  const withdraw = await deployment.approve('hospital');
  const without = await direct();
  const anew = await deployment.approve('hospital', { packageId: id });
  const next = { sequence: 2, version: '2.0' };
  const late = new Deployment(world);
  return {
    ready,
    withdraw,
    without,
    anew,
    again: await deployment.evaluate('hospital', [['creator']]),
    clinic: await deployment.approve('clinic', next),
    insurer: await deployment.approve('insurer', next),
    commit: await late.submit(
      { of: 'clinic', node: 'administrator' },
      ['CommitChaincodeDefinition', deployment.commitment(next)],
      ['clinic', 'insurer'],
    ),
    behind: await direct(),
  };
}

/** Submits a call that initializes, which Fabric's own client cannot. */
async function initialize(world: World, chaincode: string): Promise<unknown> {
  const person = await world.person('hospital');
  const { certificatePem, privateKeyPem } = person.identity;
  const creator = new Signer(person.mspId, certificatePem, privateKeyPem);
  const made = proposal({ creator, chaincode, args: ['run', '[]'], isInit: true });
  world.know(made.txId);
  const request = new gateway.EndorseRequest();
  request.setTransactionId(made.txId);
  request.setChannelId('records');
  request.setProposedTransaction(made.signed);
  request.setEndorsingOrganizationsList(['HospitalMSP']);
  const endorsed = await person.raw('/gateway.Gateway/Endorse', request.serializeBinary());
  if (!('result' in endorsed)) return endorsed;
  const envelope = gateway.EndorseResponse.deserializeBinary(
    Buffer.from(String(endorsed.result), 'hex'),
  ).getPreparedTransaction();
  envelope?.setSignature(creator.sign(envelope.getPayload_asU8()));
  const submit = new gateway.SubmitRequest();
  submit.setTransactionId(made.txId);
  submit.setChannelId('records');
  submit.setPreparedTransaction(envelope);
  const submitted = await person.raw('/gateway.Gateway/Submit', submit.serializeBinary());
  await world.settle(made.txId);
  return { submitted, keys: keysOf(envelope) };
}

async function initializing(world: World): Promise<unknown> {
  const deployment = new Deployment(world);
  const { bytes, id } = await deployment.serve();
  await deployment.install('hospital', bytes);
  await deployment.define({ init: true, packageId: id });
  const ask = (): Promise<unknown> => deployment.evaluate('hospital', [['creator']]);
  const before = await ask();
  const init = await initialize(world, deployment.name);
  const after = await ask();
  const again = await initialize(world, deployment.name);
  await deployment.define({ sequence: 2, init: true, packageId: id, version: '2.0' });
  return {
    before,
    init,
    after,
    again,
    upgraded: await ask(),
    initUpgraded: await outcomeOf(() => initialize(world, deployment.name)),
    notRequired: await initialize(world, 'probe'),
  };
}

async function overtaken(world: World): Promise<unknown> {
  const deployment = new Deployment(world);
  const { bytes, id } = await deployment.serve();
  await deployment.install('hospital', bytes);
  await deployment.define({ packageId: id });
  const ready = await deployment.evaluate('hospital', [['creator']]);
  const person = await world.person('hospital');
  const endorse = (): ReturnType<typeof person.endorse> =>
    person.endorse({
      chaincode: deployment.name,
      call: ['run', JSON.stringify([['put', world.key('a'), '1']])],
      by: ['hospital'],
    });
  const early = await endorse();
  const upgrade = await deployment.define({ sequence: 2, version: '2.0', packageId: id });
  const code = async (transaction: typeof early): Promise<string> =>
    codeName((await world.commit(transaction)).code);
  return { ready, upgrade, early: await code(early), late: await code(await endorse()) };
}

function reference(policy: string): Uint8Array {
  const message = new peer.ApplicationPolicy();
  message.setChannelConfigPolicyReference(policy);
  return message.serializeBinary();
}

async function channelPolicies(world: World): Promise<unknown> {
  const deployment = new Deployment(world);
  const { bytes, id } = await deployment.serve();
  await deployment.install('hospital', bytes);
  await deployment.install('clinic', bytes);
  const answers: unknown[] = [];
  const policies = ['Endorsement', 'HospitalMSP/Endorsement', 'Readers', 'Admins'];
  for (const [index, policy] of policies.entries()) {
    const wanted = {
      sequence: index + 1,
      packageId: id,
      policyBytes: reference(`/Channel/Application/${policy}`),
    };
    await deployment.approve('hospital', wanted);
    await deployment.approve('clinic', wanted);
    await deployment.commit(wanted);
    await deployment.evaluate('hospital', [['creator']]);
    await deployment.evaluate('clinic', [['creator']]);
    const submit = (...by: readonly string[]): Promise<unknown> =>
      world.submit('hospital', {
        chaincode: deployment.name,
        script: [['put', `@${index}-${by.join('-')}`, '1']],
        by,
      });
    answers.push({
      policy,
      hospital: await submit('hospital'),
      clinic: await submit('clinic'),
      both: await submit('hospital', 'clinic'),
    });
  }
  return answers;
}

/** Chaincodes from package to upgrade. */
export const RUNNING: readonly Row[] = [
  step('definitions/overtaken', 'Endorsed before an upgrade, submitted after it', overtaken),
  step('definitions/install', 'Packages at a peer', installing),
  step('definitions/channel-policies', 'Policies of the channel’s own', channelPolicies),
  step('definitions/run', 'From package to upgrade', running),
  step('definitions/withdrawn', 'A peer whose organization has withdrawn, or is behind', withdrawn),
  step('definitions/init', 'A chaincode that must be initialized', initializing),
];
