import { gateway, peer } from '@hyperledger/fabric-protos';
import { collection, Deployment, type Wanted } from '../deployment.ts';
import { type Row, step } from '../row.ts';
import { keysOf } from '../rwset-keys.ts';
import type { World } from '../world.ts';

const { lifecycle } = peer;
const LIFECYCLE = '_lifecycle';

/** Answers of one approval after the other. */
async function approvals(deployment: Deployment, all: readonly Wanted[]): Promise<unknown[]> {
  const told: unknown[] = [];
  for (const wanted of all) told.push(await deployment.approve('hospital', wanted));
  return told;
}

const APPROVING: readonly Row[] = [
  step('definitions/approve', 'An organization approves a definition', async (world) => {
    const deployment = new Deployment(world);
    return {
      before: await deployment.readiness('hospital'),
      approve: await deployment.approve('hospital'),
      after: await deployment.readiness('hospital'),
      elsewhere: await deployment.readiness('insurer'),
      own: await deployment.approved('hospital'),
      other: await deployment.approved('clinic'),
      committed: await deployment.definition('hospital'),
    };
  }),
  step('definitions/approve-again', 'An approval is made anew', async (world) => {
    const deployment = new Deployment(world);
    const told = await approvals(deployment, [
      {},
      {},
      { version: '1.1' },
      { packageId: 'label:0123' },
      { packageId: 'label:0123' },
      { noSource: true },
    ]);
    return { told, approved: await deployment.approved('hospital') };
  }),
  step(
    'definitions/all-approved',
    'Everything that an organization has approved',
    async (world) => {
      const deployment = new Deployment(world);
      const packageId = 'label:0123';
      await deployment.define({ packageId });
      await deployment.approve('hospital', { sequence: 2, init: true });
      await deployment.approve('hospital', { name: `${deployment.name}-b`, packageId });
      return {
        hospital: await deployment.allApproved('hospital'),
        clinic: await deployment.allApproved('clinic'),
        insurer: await deployment.allApproved('insurer'),
      };
    },
  ),
  step('definitions/sequence', 'Sequences that are not the next one', async (world) => {
    const deployment = new Deployment(world);
    return {
      approve: await approvals(deployment, [{ sequence: 0 }, { sequence: 2 }, { sequence: -1 }]),
      readiness: [
        await deployment.readiness('hospital', { sequence: 0 }),
        await deployment.readiness('hospital', { sequence: 2 }),
      ],
      commit: await deployment.commit({ sequence: 2 }),
      approved: [await deployment.approved('hospital'), await deployment.approved('hospital', 7)],
    };
  }),
  step('definitions/approve-committed', 'Approving what is committed already', async (world) => {
    const deployment = new Deployment(world);
    return {
      define: await deployment.define(),
      same: await deployment.approve('hospital'),
      changed: await approvals(deployment, [
        { version: '2.0' },
        { policy: "OR('HospitalMSP.peer')" },
        { init: true },
        { collections: [collection('a', ['hospital'])] },
      ]),
      withPackage: await deployment.approve('hospital', { packageId: 'label:0123' }),
      late: await deployment.approve('insurer'),
      old: await deployment.approve('insurer', { sequence: 0 }),
      definition: await deployment.definition('insurer'),
    };
  }),
  step('definitions/mismatches', 'What an approval and a definition differ in', async (world) => {
    const deployment = new Deployment(world);
    await deployment.approve('hospital');
    return Promise.all(
      (
        [
          { version: '2.0' },
          { policy: "OR('HospitalMSP.peer')" },
          { policy: '' },
          { init: true },
          { noPlugins: true },
          { collections: [collection('a', ['hospital'])] },
          { version: '2.0', init: true, policy: '', collections: [collection('a', ['hospital'])] },
        ] satisfies Wanted[]
      ).map((wanted) => deployment.readiness('hospital', wanted)),
    );
  }),
  step('definitions/defaults', 'What a definition leaves out', async (world) => {
    const deployment = new Deployment(world);
    const wanted: Wanted = { noPlugins: true, policy: '', noSource: true };
    return { define: await deployment.define(wanted), is: await deployment.definition('clinic') };
  }),
  step('definitions/names', 'Names and versions that are none', async (world) => {
    const deployment = new Deployment(world);
    return {
      names: await approvals(
        deployment,
        ['', '-a', 'a.b', 'a b', '_lifecycle', 'qscc', 'vscc', 'a--b'].map((name) => ({ name })),
      ),
      versions: await approvals(deployment, [{ version: '' }, { version: 'a b' }]),
      commit: await deployment.commit({ name: 'a.b' }),
    };
  }),
];

function malformed(): readonly peer.StaticCollectionConfig[][] {
  const one = collection('one', ['hospital']);
  return [
    [collection('_a', ['hospital'])],
    [collection('', ['hospital'])],
    [collection('a.b', ['hospital'])],
    [one, one],
    [
      collection('counts', ['hospital'], (config) => {
        config.setRequiredPeerCount(2);
      }),
    ],
    [
      collection('negative', ['hospital'], (config) => {
        config.setRequiredPeerCount(-1);
      }),
    ],
    [collection('stranger', ['hospital', 'ghost'])],
    [
      collection('nobody', ['hospital'], (config) => {
        config.setMemberOrgsPolicy(undefined);
      }),
    ],
    [
      collection('empty', ['hospital'], (config) => {
        config.setMemberOrgsPolicy(new peer.CollectionPolicyConfig());
      }),
    ],
    [
      collection('both', ['hospital', 'clinic'], (config) => {
        const rule = config.getMemberOrgsPolicy()?.getSignaturePolicy()?.getRule()?.getNOutOf();
        rule?.setN(2);
      }),
    ],
  ];
}

const COLLECTIONS: readonly Row[] = [
  step('definitions/collections', 'Collections that are none', async (world) => {
    const deployment = new Deployment(world);
    return approvals(
      deployment,
      malformed().map((collections) => ({ collections })),
    );
  }),
  step(
    'definitions/collections-change',
    'Collections stay in the next definition',
    async (world) => {
      const deployment = new Deployment(world);
      const first = collection('first', ['hospital', 'clinic'], (config) => {
        config.setBlockToLive(10);
      });
      const longer = collection('first', ['hospital', 'clinic'], (config) => {
        config.setBlockToLive(11);
      });
      const second = collection('second', ['hospital']);
      const sequence = 2;
      return {
        define: await deployment.define({ collections: [first] }),
        approve: await approvals(deployment, [
          { sequence },
          { sequence, collections: [] },
          { sequence, collections: [second] },
          { sequence, collections: [longer] },
          { sequence, collections: [second, first] },
        ]),
        commit: await deployment.commit({ sequence, collections: [second] }),
        approved: await deployment.approved('hospital'),
      };
    },
  ),
];

async function asPeople(world: World): Promise<unknown> {
  const deployment = new Deployment(world);
  const approve = ['ApproveChaincodeDefinitionForMyOrg', deployment.approval()] as const;
  const queryApproved = new lifecycle.QueryApprovedChaincodeDefinitionArgs().serializeBinary();
  const installed = new lifecycle.QueryInstalledChaincodesArgs().serializeBinary();
  const stranger = { of: 'clinic', at: 'hospital', node: 'administrator' } as const;
  return {
    user: await deployment.submit({ of: 'hospital' }, approve, ['hospital']),
    peer: await deployment.submit({ of: 'hospital', node: 'peer' }, approve, ['hospital']),
    stranger: await deployment.submit(stranger, approve, ['hospital']),
    userAsks: await deployment.ask(
      { of: 'hospital' },
      'QueryApprovedChaincodeDefinition',
      queryApproved,
    ),
    userAsksAll: await deployment.ask(
      { of: 'hospital' },
      'QueryApprovedChaincodeDefinitions',
      new Uint8Array(),
    ),
    userAsksInstalled: await deployment.ask(
      { of: 'hospital' },
      'QueryInstalledChaincodes',
      installed,
    ),
    given: [await deployment.approve('hospital'), await deployment.approve('clinic')],
    userCommits: await deployment.submit(
      { of: 'insurer' },
      ['CommitChaincodeDefinition', deployment.commitment()],
      ['hospital', 'clinic'],
    ),
  };
}

const FUNCTIONS = [
  'InstallChaincode',
  'QueryInstalledChaincode',
  'QueryInstalledChaincodes',
  'GetInstalledChaincodePackage',
  'ApproveChaincodeDefinitionForMyOrg',
  'QueryApprovedChaincodeDefinition',
  'QueryApprovedChaincodeDefinitions',
  'CheckCommitReadiness',
  'CommitChaincodeDefinition',
  'QueryChaincodeDefinition',
  'QueryChaincodeDefinitions',
];

const COMMITTING: readonly Row[] = [
  step(
    'definitions/commit',
    'A definition that most organizations have approved',
    async (world) => {
      const deployment = new Deployment(world);
      return {
        define: await deployment.define(),
        definition: await deployment.definition('insurer'),
        readiness: await deployment.readiness('hospital'),
        again: await deployment.commit(),
        notAgreed: await deployment.commit({ sequence: 2 }, ['hospital']),
      };
    },
  ),
  step('definitions/commit-not-agreed', 'An organization that has not approved', async (world) => {
    const deployment = new Deployment(world);
    await deployment.approve('hospital');
    return {
      one: await deployment.commit({}, ['hospital']),
      both: await deployment.commit(),
      other: await deployment.commit({ version: '2.0' }, ['hospital']),
    };
  }),
  step('definitions/commit-too-few', 'Endorsed by too few', async (world) => {
    const deployment = new Deployment(world);
    await deployment.approve('hospital');
    return {
      commit: await deployment.commit({}, ['hospital']),
      is: await deployment.definition('clinic'),
    };
  }),
  step(
    'definitions/approve-elsewhere',
    'An approval that another organization endorses, too',
    async (world) => {
      const deployment = new Deployment(world);
      const call = ['ApproveChaincodeDefinitionForMyOrg', deployment.approval()] as const;
      const who = { of: 'hospital', node: 'administrator' } as const;
      return deployment.submit(who, call, ['hospital', 'clinic']);
    },
  ),
  step('definitions/derived', 'The gateway finds the endorsers', async (world) => {
    const deployment = new Deployment(world);
    const approve = ['ApproveChaincodeDefinitionForMyOrg', deployment.approval()] as const;
    const commit = ['CommitChaincodeDefinition', deployment.commitment()] as const;
    const hospital = { of: 'hospital', node: 'administrator' } as const;
    const clinic = { of: 'clinic', node: 'administrator' } as const;
    return {
      hospital: await deployment.submit(hospital, approve, undefined),
      clinic: await deployment.submit(clinic, approve, undefined),
      commit: 'result' in (await deployment.submit(hospital, commit, undefined)),
    };
  }),
  step('definitions/who', 'Who may do what', asPeople),
  step('definitions/arguments', 'Arguments that are none', async (world) => {
    const deployment = new Deployment(world);
    const administrator = { of: 'hospital', node: 'administrator' } as const;
    const person = await deployment.administrator('hospital');
    const garbage = Uint8Array.from([0x0a, 0xff, 0x01]);
    return {
      garbage: await Promise.all(
        FUNCTIONS.map((name) => deployment.ask(administrator, name, garbage)),
      ),
      unknown: await deployment.ask(administrator, 'Ghost', new Uint8Array()),
      one: await person.evaluate({ chaincode: LIFECYCLE, call: ['QueryChaincodeDefinitions'] }),
      three: await person.evaluate({
        chaincode: LIFECYCLE,
        call: ['QueryChaincodeDefinitions', '', ''],
      }),
    };
  }),
  step('definitions/state', 'What lifecycle transactions read and write', async (world) => {
    const deployment = new Deployment(world);
    const [hospital, clinic] = [
      await deployment.administrator('hospital'),
      await deployment.administrator('clinic'),
    ];
    const of = async (
      person: typeof hospital,
      call: readonly (string | Uint8Array)[],
      by: readonly string[],
    ): Promise<unknown> => {
      const transaction = await person.endorse({ chaincode: LIFECYCLE, call, by });
      const told = keysOf(
        gateway.PreparedTransaction.deserializeBinary(transaction.getBytes()).getEnvelope(),
      );
      await world.commit(transaction);
      return told;
    };
    const approve = 'ApproveChaincodeDefinitionForMyOrg';
    const second: Wanted = { sequence: 2, version: '2.0' };
    return {
      approve: await of(hospital, [approve, deployment.approval()], ['hospital']),
      other: await of(clinic, [approve, deployment.approval()], ['clinic']),
      commit: await of(
        hospital,
        ['CommitChaincodeDefinition', deployment.commitment()],
        ['hospital', 'clinic'],
      ),
      next: await of(hospital, [approve, deployment.approval(second)], ['hospital']),
      late: await of(hospital, [approve, deployment.approval({ packageId: 'a:1' })], ['hospital']),
    };
  }),
];

/** Lifecycle transactions, without a chaincode that runs. */
export const DEFINITIONS: readonly Row[] = [...APPROVING, ...COLLECTIONS, ...COMMITTING];
