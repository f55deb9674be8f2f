import { common } from '@hyperledger/fabric-protos';
import { describe, expect, test } from '@jest/globals';
import { type ChannelConfig, ConfigBlockError, neededSigners, readConfigBlock } from './config.ts';

const { Block, BlockData, Config, ConfigEnvelope, ConfigGroup, ConfigUpdate, Envelope, Payload } =
  common;

interface Group {
  readonly version?: number;
  readonly groups?: Readonly<Record<string, Group>>;
}

function group({ version = 0, groups = {} }: Group): common.ConfigGroup {
  const made = new ConfigGroup();
  made.setVersion(version);
  for (const [name, child] of Object.entries(groups)) made.getGroupsMap().set(name, group(child));
  return made;
}

function update(read: Group, write: Group): Uint8Array {
  const made = new ConfigUpdate();
  made.setReadSet(group(read));
  made.setWriteSet(group(write));
  return made.serializeBinary();
}

function configuration(application: readonly string[], orderer: readonly string[]): ChannelConfig {
  return {
    bytes: new Uint8Array(),
    sequence: 1,
    applicationOrganizations: application,
    ordererOrganizations: orderer,
  };
}

const three = configuration(['A', 'B', 'C'], ['A', 'B', 'C']);

describe("an update of the channel's configuration", () => {
  test("of one organization's own part is signed by that one alone", () => {
    const own = update(
      { groups: { Application: { groups: { B: {} } } } },
      { groups: { Application: { groups: { B: { version: 1 } } } } },
    );
    expect(neededSigners(three, own, 'B')).toEqual(['B']);
  });

  test('that adds a member is signed by a majority of those that are, the sponsor first', () => {
    const added = update(
      { groups: { Application: { groups: { A: {}, B: {}, C: {} } } } },
      { groups: { Application: { version: 1, groups: { A: {}, B: {}, C: {}, D: {} } } } },
    );
    expect(neededSigners(three, added, 'C')).toEqual(['C', 'A']);
  });

  test('that changes who orders is signed by a majority of those who do', () => {
    const consenters = update({ groups: { Orderer: {} } }, { groups: { Orderer: { version: 1 } } });
    expect(neededSigners(three, consenters, 'B')).toEqual(['B', 'A']);
    const few = configuration(['A', 'B', 'C', 'D', 'E'], ['D', 'E']);
    // Both of the two who order, and with them three of five members.
    expect(neededSigners(few, consenters, 'A')).toEqual(['A', 'D', 'E']);
  });

  test("of a newcomer's part of its own is not the newcomer's to sign", () => {
    const part = update(
      { groups: { Application: { groups: {} } } },
      { groups: { Application: { groups: { Z: { version: 1 } } } } },
    );
    expect(neededSigners(three, part, 'A')).toEqual(['A', 'B']);
  });
});

describe('a configuration block', () => {
  function block(data: Uint8Array[]): Uint8Array {
    const made = new Block();
    const content = new BlockData();
    content.setDataList(data);
    made.setData(content);
    return made.serializeBinary();
  }

  test('says who is a member and who orders', () => {
    const config = new Config();
    config.setSequence(7);
    config.setChannelGroup(
      group({
        groups: { Application: { groups: { B: {}, A: {} } }, Orderer: { groups: { A: {} } } },
      }),
    );
    const envelope = new ConfigEnvelope();
    envelope.setConfig(config);
    const payload = new Payload();
    payload.setData(envelope.serializeBinary());
    const outer = new Envelope();
    outer.setPayload(payload.serializeBinary());
    expect(readConfigBlock(block([outer.serializeBinary()]))).toMatchObject({
      sequence: 7,
      applicationOrganizations: ['A', 'B'],
      ordererOrganizations: ['A'],
    });
  });

  test('that is none is refused', () => {
    expect(() => readConfigBlock(block([]))).toThrow(ConfigBlockError);
    expect(() => readConfigBlock(block([new Envelope().serializeBinary()]))).toThrow(
      ConfigBlockError,
    );
  });
});
