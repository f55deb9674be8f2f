import { common, gateway, ledger } from '@hyperledger/fabric-protos';
import { Signer } from '../../network/devnet/src/msp/signer.ts';
import {
  type ProposalOptions,
  proposal,
  type TestProposal,
  type TransactionOptions,
  transaction,
} from '../../network/devnet/src/testing/messages.ts';
import { existing, issue } from './identities.ts';
import { CHAINCODE, CHANNEL, codeName, mspId, type Outcome } from './person.ts';
import type { Organization, World } from './world.ts';

/** Somebody who signs. */
export async function signerOf(
  world: World,
  organization: Organization,
  who: 'user' | 'peer' | 'orderer' | 'administrator' = 'user',
): Promise<Signer> {
  const key =
    who === 'user'
      ? await issue(world.keysDir, organization)
      : await existing(world.keysDir, organization, who);
  return new Signer(mspId(organization), key.certificatePem, key.privateKeyPem);
}

/** A proposal as no honest client makes it. */
export async function forgeProposal(
  world: World,
  options: Partial<ProposalOptions> = {},
): Promise<TestProposal> {
  const creator = options.creator ?? (await signerOf(world, 'hospital'));
  const made = proposal({
    chaincode: CHAINCODE,
    args: ['run', JSON.stringify([['get', 'a']])],
    ...options,
    creator,
  });
  world.know(made.txId);
  return made;
}

/** A public read-write set. */
export function readWriteSet(
  namespaces: readonly {
    readonly name: string;
    readonly writes?: Readonly<Record<string, string>>;
    readonly raw?: Uint8Array;
  }[],
): Uint8Array {
  const set = new ledger.rwset.TxReadWriteSet();
  set.setNsRwsetList(
    namespaces.map(({ name, writes, raw }) => {
      const kv = new ledger.rwset.kvrwset.KVRWSet();
      kv.setWritesList(
        Object.entries(writes ?? {}).map(([key, value]) => {
          const write = new ledger.rwset.kvrwset.KVWrite();
          write.setKey(key);
          write.setValue(Buffer.from(value));
          return write;
        }),
      );
      const entry = new ledger.rwset.NsReadWriteSet();
      entry.setNamespace(name);
      entry.setRwset(raw ?? kv.serializeBinary());
      return entry;
    }),
  );
  return set.serializeBinary();
}

/** A transaction with both providers' true endorsements of whatever it says. */
export async function forgeTransaction(
  world: World,
  from: TestProposal,
  options: Partial<TransactionOptions>,
): Promise<Uint8Array> {
  const endorsers = options.endorsers ?? [
    await signerOf(world, 'hospital', 'peer'),
    await signerOf(world, 'clinic', 'peer'),
  ];
  return transaction(from, {
    chaincode: CHAINCODE,
    results: readWriteSet([{ name: CHAINCODE, writes: { [world.key('a')]: 'forged' } }]),
    ...options,
    endorsers,
  });
}

/** An envelope over a payload, signed by its creator. */
export function seal(
  creator: Signer,
  parts: {
    readonly channelHeader: Uint8Array;
    readonly signatureHeader: Uint8Array;
    readonly data: Uint8Array;
  },
): Uint8Array {
  const header = new common.Header();
  header.setChannelHeader(parts.channelHeader);
  header.setSignatureHeader(parts.signatureHeader);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(parts.data);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(creator.sign(envelope.getPayload_asU8()));
  return envelope.serializeBinary();
}

/** Hands an envelope to the orderer through a gateway. */
export async function submitEnvelope(
  world: World,
  envelope: Uint8Array,
  channel: string = CHANNEL,
): Promise<Outcome> {
  const request = new gateway.SubmitRequest();
  request.setChannelId(channel);
  request.setPreparedTransaction(common.Envelope.deserializeBinary(envelope));
  const person = await world.person('hospital');
  return person.raw('/gateway.Gateway/Submit', request.serializeBinary());
}

/** Submits an envelope and tells under which code its block has it. */
export async function validationOf(world: World, envelope: Uint8Array): Promise<unknown> {
  const person = await world.person('hospital');
  const blocks = await person.network().getBlockEvents();
  try {
    const iterator = blocks[Symbol.asyncIterator]();
    const next = iterator.next();
    // Looked at below; a peer that goes away before must not end the run.
    next.catch(() => undefined);
    const outcome = await submitEnvelope(world, envelope);
    if (!('result' in outcome)) return { refused: outcome };
    for (let found = await next; found.done !== true; found = await iterator.next()) {
      const block = found.value;
      const envelopes = block.getData()?.getDataList_asU8() ?? [];
      const at = envelopes.findIndex((one) => Buffer.compare(one, envelope) === 0);
      const codes = block.getMetadata()?.getMetadataList_asU8()[
        common.BlockMetadataIndex.TRANSACTIONS_FILTER
      ];
      if (at >= 0) return { code: codeName(codes?.[at] ?? -1) };
    }
    return { code: 'none' };
  } finally {
    blocks.close();
  }
}

/** The same channel header, changed. */
export function changedHeader(
  bytes: Uint8Array,
  change: (header: common.ChannelHeader) => void,
): Uint8Array {
  const header = common.ChannelHeader.deserializeBinary(bytes);
  change(header);
  return header.serializeBinary();
}
