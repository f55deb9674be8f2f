import { randomBytes } from 'node:crypto';
import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';
import type {
  BlockDefinition,
  NetworkDefinition,
  OrganizationDefinition,
} from '../../../definition/src/index.ts';
import { transactionId } from '../endorser/proposal.ts';
import { pemBlocks } from '../msp/certificate.ts';
import type { MspFolder } from '../msp/msp-folder.ts';
import { newBlock } from '../orderer/block-writer.ts';
import type { Rule } from '../policy/signature-policy.ts';
import {
  applicationPolicies,
  implicitMetaPolicy,
  ordererPolicies,
  signaturePolicy,
} from './policies.ts';

/** An organization with where its peer and its orderers would be found. */
export interface ConfiguredOrganization {
  readonly definition: OrganizationDefinition;
  readonly msp: MspFolder;
  /** `host:port` of the organization's node. */
  readonly address: string;
}

/** What the configuration says of a channel itself. */
type ConfiguredChannel = Pick<NetworkDefinition, 'channel' | 'block'>;

/** Who uses a channel, and who orders for it. */
export interface ChannelOrganizations {
  readonly users: readonly ConfiguredOrganization[];
  readonly ordering: readonly ConfiguredOrganization[];
}

const FABRIC_MSP = 0;
const NONCE_BYTES = 24;
const CHANNEL_CAPABILITY = 'V3_0';
const APPLICATION_CAPABILITY = 'V2_5';
const ORDERER_CAPABILITY = 'V2_0';
/** The block data is hashed as a whole. */
const WHOLE_BLOCK_WIDTH = 0xffffffff;
const { ANY, MAJORITY } = common.ImplicitMetaPolicy.Rule;

interface Message {
  serializeBinary(): Uint8Array;
}

function setValue(group: common.ConfigGroup, name: string, message: Message): void {
  const value = new common.ConfigValue();
  value.setValue(message.serializeBinary());
  value.setModPolicy('Admins');
  group.getValuesMap().set(name, value);
}

function newGroup(): common.ConfigGroup {
  const group = new common.ConfigGroup();
  group.setModPolicy('Admins');
  return group;
}

/** The policies that every group over organizations has. */
function setOverallPolicies(group: common.ConfigGroup): void {
  const policies = group.getPoliciesMap();
  policies.set('Readers', implicitMetaPolicy(ANY, 'Readers'));
  policies.set('Writers', implicitMetaPolicy(ANY, 'Writers'));
  policies.set('Admins', implicitMetaPolicy(MAJORITY, 'Admins'));
}

function setCapability(group: common.ConfigGroup, name: string): void {
  const message = new common.Capabilities();
  message.getCapabilitiesMap().set(name, new common.Capability());
  setValue(group, 'Capabilities', message);
}

function nodeUnit(identifier: string, certifier: string | undefined): msp.FabricOUIdentifier {
  const message = new msp.FabricOUIdentifier();
  message.setOrganizationalUnitIdentifier(identifier);
  if (certifier !== undefined) message.setCertificate(new Uint8Array(Buffer.from(certifier)));
  return message;
}

function mspMessage(folder: MspFolder): msp.MSPConfig {
  const raw = (pems: readonly string[]): Uint8Array[] =>
    pems.flatMap(pemBlocks).map((pem) => new Uint8Array(Buffer.from(`${pem}\n`)));
  const crypto = new msp.FabricCryptoConfig();
  crypto.setSignatureHashFamily('SHA2');
  crypto.setIdentityIdentifierHashFunction('SHA256');
  const { client, peer: peers, admin, orderer: orderers } = folder.nodeUnits;
  const units = new msp.FabricNodeOUs();
  units.setEnable(true);
  units.setClientOuIdentifier(nodeUnit(client.identifier, client.certifier));
  units.setPeerOuIdentifier(nodeUnit(peers.identifier, peers.certifier));
  units.setAdminOuIdentifier(nodeUnit(admin.identifier, admin.certifier));
  units.setOrdererOuIdentifier(nodeUnit(orderers.identifier, orderers.certifier));
  const fabric = new msp.FabricMSPConfig();
  fabric.setName(folder.mspId);
  fabric.setRootCertsList(raw(folder.roots));
  fabric.setIntermediateCertsList(raw(folder.intermediates));
  fabric.setRevocationListList(raw(folder.revocationLists));
  fabric.setTlsRootCertsList(raw(folder.tlsRoots));
  fabric.setCryptoConfig(crypto);
  fabric.setFabricNodeOus(units);
  const config = new msp.MSPConfig();
  config.setType(FABRIC_MSP);
  config.setConfig(fabric.serializeBinary());
  return config;
}

function organizationGroup(
  organization: ConfiguredOrganization,
  policies: Readonly<Record<string, Rule>>,
): common.ConfigGroup {
  const group = newGroup();
  setValue(group, 'MSP', mspMessage(organization.msp));
  for (const [name, rule] of Object.entries(policies)) {
    group.getPoliciesMap().set(name, signaturePolicy(rule));
  }
  return group;
}

function peerGroup(organization: ConfiguredOrganization): common.ConfigGroup {
  const [host = '', port = ''] = organization.address.split(':');
  const anchor = new peer.AnchorPeer();
  anchor.setHost(host);
  anchor.setPort(Number(port));
  const anchors = new peer.AnchorPeers();
  anchors.setAnchorPeersList([anchor]);
  const group = organizationGroup(organization, applicationPolicies(organization.msp.mspId));
  setValue(group, 'AnchorPeers', anchors);
  return group;
}

function applicationGroup(organizations: readonly ConfiguredOrganization[]): common.ConfigGroup {
  const group = newGroup();
  setOverallPolicies(group);
  group.getPoliciesMap().set('Endorsement', implicitMetaPolicy(MAJORITY, 'Endorsement'));
  group.getPoliciesMap().set('LifecycleEndorsement', implicitMetaPolicy(MAJORITY, 'Endorsement'));
  setCapability(group, APPLICATION_CAPABILITY);
  for (const organization of organizations) {
    group.getGroupsMap().set(organization.msp.mspId, peerGroup(organization));
  }
  return group;
}

function ordererGroup(
  organizations: readonly ConfiguredOrganization[],
  block: BlockDefinition,
): common.ConfigGroup {
  const batchSize = new orderer.BatchSize();
  batchSize.setMaxMessageCount(block.maxMessageCount);
  batchSize.setPreferredMaxBytes(block.preferredMaxBytes);
  batchSize.setAbsoluteMaxBytes(block.absoluteMaxBytes);
  const timeout = new orderer.BatchTimeout();
  timeout.setTimeout(`${block.batchTimeoutMs}ms`);
  const consensus = new orderer.ConsensusType();
  // One process orders; no name of a real consensus would be true.
  consensus.setType('devnet');
  const group = newGroup();
  setOverallPolicies(group);
  group.getPoliciesMap().set('BlockValidation', implicitMetaPolicy(ANY, 'Writers'));
  setCapability(group, ORDERER_CAPABILITY);
  setValue(group, 'BatchSize', batchSize);
  setValue(group, 'BatchTimeout', timeout);
  setValue(group, 'ConsensusType', consensus);
  setValue(group, 'ChannelRestrictions', new orderer.ChannelRestrictions());
  for (const organization of organizations) {
    const endpoints = new common.OrdererAddresses();
    endpoints.setAddressesList([organization.address]);
    const own = organizationGroup(organization, ordererPolicies(organization.msp.mspId));
    setValue(own, 'Endpoints', endpoints);
    group.getGroupsMap().set(organization.msp.mspId, own);
  }
  return group;
}

function channelGroup(
  { block }: ConfiguredChannel,
  { users, ordering }: ChannelOrganizations,
): common.ConfigGroup {
  const hashing = new common.HashingAlgorithm();
  hashing.setName('SHA256');
  const structure = new common.BlockDataHashingStructure();
  structure.setWidth(WHOLE_BLOCK_WIDTH);
  const group = newGroup();
  setOverallPolicies(group);
  setCapability(group, CHANNEL_CAPABILITY);
  setValue(group, 'HashingAlgorithm', hashing);
  setValue(group, 'BlockDataHashingStructure', structure);
  group.getGroupsMap().set('Application', applicationGroup(users));
  group.getGroupsMap().set('Orderer', ordererGroup(ordering, block));
  return group;
}

/**
 * The channel's first block: its configuration, with the MSPs, policies and batch sizes of the definition, in the form that
 * Fabric's tools decode.
 */
export function genesisBlock(
  definition: ConfiguredChannel,
  organizations: ChannelOrganizations,
): common.Block {
  const config = new common.Config();
  config.setChannelGroup(channelGroup(definition, organizations));
  const configEnvelope = new common.ConfigEnvelope();
  configEnvelope.setConfig(config);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setVersion(1);
  channelHeader.setChannelId(definition.channel);
  // Nobody signs a channel's first configuration: its id comes from the nonce alone.
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  channelHeader.setTxId(transactionId(nonce, new Uint8Array()));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(configEnvelope.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return newBlock({ height: 0, lastHash: new Uint8Array() }, [envelope.serializeBinary()]);
}
