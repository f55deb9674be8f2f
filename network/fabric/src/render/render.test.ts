import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { NETWORK, networkDefinitionSchema } from '../../../definition/src/index.ts';
import { type LocalLayout, layOutHere, portNames } from '../local-layout.ts';
import { definitionFor } from '../run.ts';
import { effectivePlan, initialState, withOrganization } from '../state.ts';
import { renderCollections, renderConfigtx } from './channel.ts';
import { type Layout, layOut } from './layout.ts';
import { renderOrderer, renderPeer } from './nodes.ts';

function layoutOf(definition = NETWORK): LocalLayout {
  const plan = effectivePlan(initialState(definition), definition);
  const ports = Object.fromEntries(portNames(plan).map((name, i) => [name, 20_000 + i]));
  return layOutHere(plan, '/data', ports);
}

const layout = layoutOf();

const policy = z.object({ Type: z.string(), Rule: z.string() });
const group = z.object({
  ID: z.string(),
  Policies: z.record(z.string(), policy),
  AnchorPeers: z.array(z.object({ Host: z.string(), Port: z.number() })).optional(),
  OrdererEndpoints: z.array(z.string()).optional(),
});
const configtx = z.object({
  Profiles: z.record(
    z.string(),
    z.object({
      Capabilities: z.object({ V3_0: z.literal(true) }),
      Orderer: z.object({
        BatchTimeout: z.string(),
        BatchSize: z.record(z.string(), z.number()),
        EtcdRaft: z.object({ Consenters: z.array(z.object({ Port: z.number() })) }),
        Organizations: z.array(group),
        Policies: z.record(z.string(), policy),
      }),
      Application: z.object({ Organizations: z.array(group) }),
    }),
  ),
});

function channel(of: Layout) {
  return configtx.parse(JSON.parse(renderConfigtx(of))).Profiles['PulseChannel']!;
}

describe('the layout', () => {
  test('gives no port and no folder to two nodes', () => {
    const nodes = [...layout.peers, ...layout.orderers];
    const ports = [
      ...nodes.flatMap((node) => [node.grpc.port, node.operations.port]),
      ...layout.orderers.map((node) => node.admin.port),
      ...layout.chaincodes.map((node) => node.grpc.port),
    ];
    const folders = nodes.flatMap((node) => [node.ledgerFolder, node.configFolder, node.logFile]);
    expect(new Set(ports).size).toBe(ports.length);
    expect(new Set(folders).size).toBe(folders.length);
    expect(ports.length).toBe(portNames(layout).length);
  });

  test('complains about a port that nobody chose', () => {
    const plan = effectivePlan(initialState(NETWORK), NETWORK);
    expect(() => layOutHere(plan, '/data', {})).toThrow('No port is known');
  });
});

describe('the channel configuration', () => {
  test('cuts blocks as the definition says', () => {
    const { Orderer } = channel(layout);
    expect(Orderer.BatchTimeout).toBe('200ms');
    expect(Orderer.BatchSize).toEqual({
      MaxMessageCount: 500,
      PreferredMaxBytes: 2_097_152,
      AbsoluteMaxBytes: 10_485_760,
    });
  });

  test('has every organization as member, with an anchor peer, and as orderer', () => {
    const { Application, Orderer } = channel(layout);
    const ids = ['HospitalMSP', 'ClinicMSP', 'InsurerMSP'];
    expect(Application.Organizations.map((o) => o.ID)).toEqual(ids);
    expect(Application.Organizations.map((o) => o.AnchorPeers?.[0]?.Port)).toEqual(
      layout.peers.map((peer) => peer.grpc.port),
    );
    expect(Orderer.Organizations.map((o) => o.ID)).toEqual(ids);
    expect(Orderer.EtcdRaft.Consenters.map((c) => c.Port)).toEqual(
      layout.orderers.map((orderer) => orderer.grpc.port),
    );
  });

  test('lets only orderers sign blocks', () => {
    const { Orderer } = channel(layout);
    expect(Orderer.Policies['BlockValidation']?.Rule).toBe('ANY Writers');
    for (const organization of Orderer.Organizations) {
      expect(organization.Policies['Writers']?.Rule).toBe(`OR('${organization.ID}.orderer')`);
    }
  });

  test('lets no peer or orderer certificate make proposals', () => {
    for (const { ID, Policies } of channel(layout).Application.Organizations) {
      expect(Policies['Writers']?.Rule).toBe(`OR('${ID}.admin','${ID}.client')`);
    }
  });

  test('takes any number of peers, and organizations without orderers', () => {
    const [hospital, clinic] = NETWORK.organizations;
    const definition = networkDefinitionSchema.parse({
      ...NETWORK,
      organizations: [
        { ...hospital, peers: ['peer0', 'peer1'] },
        { ...clinic, orderers: [] },
      ],
      chaincode: { ...NETWORK.chaincode, collections: [] },
    });
    const { Application, Orderer } = channel(layoutOf(definition));
    expect(Application.Organizations.map((o) => o.AnchorPeers?.length)).toEqual([2, 1]);
    expect(Orderer.Organizations.map((o) => o.ID)).toEqual(['HospitalMSP']);
  });
});

describe('the collections', () => {
  test('are as in the definition, in the words of the lifecycle command', () => {
    expect(JSON.parse(renderCollections(layout))).toMatchObject([
      {
        name: 'providers',
        policy: "OR('HospitalMSP.member','ClinicMSP.member')",
        memberOnlyRead: true,
        memberOnlyWrite: true,
        endorsementPolicy: { signaturePolicy: "AND('HospitalMSP.peer','ClinicMSP.peer')" },
      },
      { name: 'extract', maxPeerCount: 2 },
      { name: 'directory', maxPeerCount: 2 },
    ]);
  });
});

describe('a peer', () => {
  const [place] = layout.peers;
  const core: unknown = JSON.parse(renderPeer(layout, place!));

  test('speaks TLS, listens on this machine only and never looks for Docker', () => {
    expect(core).toMatchObject({
      peer: {
        tls: { enabled: true },
        listenAddress: expect.stringMatching(/^127\.0\.0\.1:/),
        chaincodeListenAddress: '127.0.0.1:0',
        gateway: { enabled: true },
        localMspId: 'HospitalMSP',
        fileSystemPath: '/data/ledger/peer0.hospital.pulse.test',
      },
      vm: { endpoint: '' },
      operations: { listenAddress: expect.stringMatching(/^127\.0\.0\.1:/) },
      ledger: { state: { stateDatabase: 'goleveldb' } },
    });
  });

  test('lets go of what is purged with every block, and does not log its keys, which hold ids', () => {
    expect(core).toMatchObject({
      peer: { gossip: { pvtData: { transientstoreMaxBlockRetention: 1_000 } } },
      ledger: { pvtdataStore: { purgeInterval: 1, purgedKeyAuditLogging: false } },
    });
  });

  test('refuses proposals whose time is more than a minute off, and expired certificates', () => {
    expect(core).toMatchObject({
      peer: {
        authentication: { timewindow: '60s' },
        handlers: {
          authFilters: [
            { name: 'DefaultAuth' },
            { name: 'ExpirationCheck' },
            { name: 'TimeWindowCheck' },
          ],
        },
      },
    });
  });
});

describe('an orderer', () => {
  test('asks administrators for a certificate of its own organization', () => {
    const [place] = layout.orderers;
    expect(JSON.parse(renderOrderer(layout, place!))).toMatchObject({
      General: { ListenAddress: '127.0.0.1', TLS: { Enabled: true }, LocalMSPID: 'HospitalMSP' },
      Admin: {
        TLS: {
          Enabled: true,
          ClientAuthRequired: true,
          ClientRootCAs: ['/data/keys/hospital/ca/tls/certificate.pem'],
        },
      },
    });
  });
});

describe('a network on hosts of its own', () => {
  const plan = effectivePlan(initialState(NETWORK), NETWORK);
  const PORTS: Readonly<Record<string, number>> = { grpc: 7051, operations: 9443, admin: 7053 };
  const hosts = layOut(plan, {
    keysFolder: '/etc/pulseledger/keys',
    configFolder: '/etc/pulseledger',
    ledgerFolder: '/var/lib/pulseledger',
    logFolder: '/var/log/pulseledger',
    listenHost: '0.0.0.0',
    oneMachine: false,
    address: (host, use) => ({
      host: use === 'operations' ? '127.0.0.1' : host,
      port: PORTS[use] ?? 0,
    }),
  });

  test('is named in the channel by its host names', () => {
    const { Application, Orderer } = channel(hosts);
    expect(Application.Organizations[0]?.AnchorPeers).toEqual([
      { Host: 'peer0.hospital.pulse.test', Port: 7051 },
    ]);
    expect(Orderer.Organizations[2]?.OrdererEndpoints).toEqual([
      'orderer0.insurer.pulse.test:7051',
    ]);
  });

  test('listens for others, but keeps metrics to itself, and has no hurry meant for one machine', () => {
    const core: unknown = JSON.parse(renderPeer(hosts, hosts.peers[0]!));
    expect(core).toMatchObject({
      peer: {
        listenAddress: '0.0.0.0:7051',
        address: 'peer0.hospital.pulse.test:7051',
        fileSystemPath: '/var/lib/pulseledger/peer0.hospital.pulse.test',
        gossip: { externalEndpoint: 'peer0.hospital.pulse.test:7051' },
      },
      operations: { listenAddress: '127.0.0.1:9443' },
    });
    expect(core).not.toHaveProperty('peer.gossip.pullInterval');
    const orderer: unknown = JSON.parse(renderOrderer(hosts, hosts.orderers[0]!));
    expect(orderer).not.toHaveProperty('Consensus.TickIntervalOverride');
    expect(JSON.stringify([core, orderer])).not.toContain('/data/');
  });
});

describe('a network under BFT', () => {
  const definition = definitionFor('bft');
  const bft = layoutOf(definition);
  const mapping = z.object({
    OrdererType: z.literal('BFT'),
    ConsenterMapping: z.array(z.object({ ID: z.number(), MSPID: z.string(), Port: z.number() })),
  });
  const consenters = z.object({
    Profiles: z.record(z.string(), z.object({ Orderer: mapping })),
  });

  test('has four orderers, each with a number of its own', () => {
    const { Profiles } = consenters.parse(JSON.parse(renderConfigtx(bft)));
    const { ConsenterMapping } = Profiles['PulseChannel']!.Orderer;
    expect(ConsenterMapping.map(({ ID, MSPID }) => [ID, MSPID])).toEqual([
      [1, 'HospitalMSP'],
      [2, 'HospitalMSP'],
      [3, 'ClinicMSP'],
      [4, 'InsurerMSP'],
    ]);
  });

  test('keeps the numbers of those who were there when another one comes', () => {
    const grown = withOrganization(initialState(definition), 'hospital', (o) => ({
      ...o,
      orderers: [...o.orderers, 'orderer2'],
    }));
    expect(grown.consenterIds).toEqual({
      ...initialState(definition).consenterIds,
      'orderer2.hospital.pulse.test': 5,
    });
  });
});
