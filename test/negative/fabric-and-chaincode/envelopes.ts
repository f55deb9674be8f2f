/** F3 and F10: transactions with too few endorsements, and those that come twice. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  CommitError,
  type Contract,
  EndorseError,
  type Gateway,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { common, peer, gateway as protos } from '@hyperledger/fabric-protos';
import { expect, it } from '@jest/globals';
import { joinChunks } from '@pulseledger/domain';
import type { Signatory } from '@pulseledger/ledger';
import {
  BOTH_PROVIDERS,
  type LedgerWorld,
  proposalOf,
  type Wearer,
  wordsOf,
} from '../support/ledger-world.ts';

const LIMIT_MS = 120_000;
const RECORD = 'vitals:RecordChunks';
const UNDER_ENDORSED = 10;
const VALID = 0;
const MOST_TRIES = 100;
const PAUSE_MS = 100;

function recording(chunk: Buffer, endorsers: readonly string[], signatory: Signatory) {
  const transient = { chunks: joinChunks([chunk]) };
  return proposalOf(signatory, { transient, endorsers }, endorsers);
}

/** The prepared transaction with its endorsements changed; not signed any more. */
function withEndorsements(
  prepared: Uint8Array,
  change: (endorsements: peer.Endorsement[]) => peer.Endorsement[],
): Uint8Array {
  const whole = protos.PreparedTransaction.deserializeBinary(prepared);
  const envelope = whole.getEnvelope() ?? new common.Envelope();
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const [action] = transaction.getActionsList();
  const inner = peer.ChaincodeActionPayload.deserializeBinary(action!.getPayload_asU8());
  const endorsed = inner.getAction()!;
  endorsed.setEndorsementsList(change(endorsed.getEndorsementsList()));
  action!.setPayload(inner.serializeBinary());
  payload.setData(transaction.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature('');
  whole.setEnvelope(envelope);
  return whole.serializeBinary();
}

/** Endorsed by all who must; a peer that has not seen the last block yet is asked again. */
async function endorsedTransaction(
  contract: Contract,
  options: ReturnType<typeof recording>,
): Promise<Transaction> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await contract.newProposal(RECORD, options).endorse();
    } catch (error) {
      if (!(error instanceof EndorseError) || tries === MOST_TRIES) throw error;
      await delay(PAUSE_MS);
    }
  }
}

async function signedBy(signatory: Signatory, digest: Uint8Array): Promise<Uint8Array> {
  return signatory.signing.sign(digest);
}

export function theEnvelopes(world: () => LedgerWorld): void {
  async function expectUnchanged(wearer: Wearer, chunk: Buffer): Promise<void> {
    expect(await world().chunksOf(wearer.patientId)).toEqual([]);
    const ingest = world().client(await world().ingest());
    // Not "already": the device's state has not moved either.
    expect(await ingest.recordChunks([chunk])).toMatchObject({ results: [{ status: 'recorded' }] });
  }

  it.each(['HospitalMSP', 'ClinicMSP'])(
    'F3 a recording that only %s endorsed is invalid (code 10), changes nothing, and its client is told',
    async (endorser) => {
      const wearer = await world().wearer();
      const chunk = wearer.chunk({ firstSequence: 0 });
      const ingest = await world().ingest();
      const submitted = world().contract(ingest, (contract) =>
        contract.submit(RECORD, recording(chunk, [endorser], ingest)),
      );
      const error: unknown = await submitted.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CommitError);
      expect(error).toMatchObject({ code: UNDER_ENDORSED });
      await expectUnchanged(wearer, chunk);
    },
    LIMIT_MS,
  );

  it.each<[string, (endorsements: peer.Endorsement[]) => peer.Endorsement[]]>([
    ['one endorsement taken off', (all) => all.slice(0, 1)],
    ['one endorsement twice', (all) => [all[0]!, all[0]!]],
    [
      'one endorsement by another hand',
      ([first, second]) => {
        const forged = second!.clone();
        forged.setSignature(first!.getSignature_asU8());
        return [first!, forged];
      },
    ],
  ])(
    'F3 a recording with %s is invalid (code 10) and changes nothing',
    async (_what, change) => {
      const wearer = await world().wearer();
      const chunk = wearer.chunk({ firstSequence: 0 });
      const ingest = await world().ingest();
      const status = await world().contract(ingest, async (contract, gateway) => {
        const options = recording(chunk, BOTH_PROVIDERS, ingest);
        const endorsed = await endorsedTransaction(contract, options);
        const weak = gateway.newTransaction(withEndorsements(endorsed.getBytes(), change));
        return (await weak.submit()).getStatus();
      });
      expect(status).toMatchObject({ code: UNDER_ENDORSED, successful: false });
      await expectUnchanged(wearer, chunk);
    },
    LIMIT_MS,
  );

  it(
    'F10 a signed proposal that comes again is refused as a duplicate, and what it wrote stays once',
    async () => {
      const wearer = await world().wearer();
      const chunk = wearer.chunk({ firstSequence: 0 });
      const ingest = await world().ingest();
      await world().contract(ingest, async (contract, gateway) => {
        await endorsedTransaction(contract, recording(chunk, BOTH_PROVIDERS, ingest));
        const proposal = contract.newProposal(RECORD, recording(chunk, BOTH_PROVIDERS, ingest));
        const bytes = proposal.getBytes();
        const signature = await signedBy(ingest, proposal.getDigest());
        const replay = () => gateway.newSignedProposal(bytes, signature);
        // Both peers know the device by then; the replayed proposal itself is made only once.
        const transaction = await replay().endorse();
        expect(await (await transaction.submit()).getStatus()).toMatchObject({ code: VALID });
        for (const again of [() => replay().endorse(), () => replay().evaluate()]) {
          const error: unknown = await again().catch((thrown: unknown) => thrown);
          expect(wordsOf(error)).toContain(
            `duplicate transaction found [${proposal.getTransactionId()}]`,
          );
        }
      });
      expect(await world().chunksOf(wearer.patientId)).toHaveLength(1);
    },
    LIMIT_MS,
  );

  it(
    'F10 a signed envelope that comes again has no second effect, and its status is that of the first',
    async () => {
      const wearer = await world().wearer();
      const ingest = await world().ingest();
      const chunk = wearer.chunk({ firstSequence: 0 });
      await world().contract(ingest, async (contract, gateway) => {
        const options = recording(chunk, BOTH_PROVIDERS, ingest);
        const endorsed = await endorsedTransaction(contract, options);
        const bytes = endorsed.getBytes();
        const signature = await signedBy(ingest, endorsed.getDigest());
        const submit = async () =>
          (await gateway.newSignedTransaction(bytes, signature).submit()).getStatus();
        const first = await submit();
        const second = await submit();
        expect(first).toMatchObject({ code: VALID });
        expect(second).toEqual(first);
      });
      // Whatever comes later sees the effect of one.
      const later = wearer.chunk({ firstSequence: 5 });
      await world().client(ingest).recordChunks([later]);
      expect(await world().chunksOf(wearer.patientId)).toHaveLength(2);
    },
    LIMIT_MS,
  );

  it(
    'F10 somebody else’s transaction signed by another caller is refused by the orderer',
    async () => {
      const wearer = await world().wearer();
      const chunk = wearer.chunk({ firstSequence: 0 });
      const ingest = await world().ingest();
      const thief = await world().person({ organization: 'hospital', role: 'nurse' });
      const bytes = await world().contract(ingest, async (contract) => {
        const options = recording(chunk, BOTH_PROVIDERS, ingest);
        return (await endorsedTransaction(contract, options)).getBytes();
      });
      const taken = world().contract(thief, async (_, gateway: Gateway) => {
        const digest = gateway.newTransaction(bytes).getDigest();
        const signature = await signedBy(thief, digest);
        await gateway.newSignedTransaction(bytes, signature).submit();
      });
      const error: unknown = await taken.catch((thrown: unknown) => thrown);
      expect(wordsOf(error)).toContain('status=FORBIDDEN');
      await expectUnchanged(wearer, chunk);
    },
    LIMIT_MS,
  );
}
