import { peer } from '@hyperledger/fabric-protos';
import { outcomeOf } from '../person.ts';
import { type Row, step } from '../row.ts';
import type { World } from '../world.ts';

const { lifecycle } = peer;

async function query(world: World, name: string, argument: Uint8Array): Promise<Uint8Array> {
  const person = await world.person({ of: 'hospital', node: 'administrator' });
  return person
    .network()
    .getContract('_lifecycle')
    .evaluate(name, { arguments: [argument] });
}

/** Chaincode definitions as a client of a gateway asks for them. */
export const LIFECYCLE: readonly Row[] = [
  step('lifecycle/definition', 'A chaincode’s definition', (world) =>
    outcomeOf(async () => {
      const args = new lifecycle.QueryChaincodeDefinitionArgs();
      args.setName('probe');
      const bytes = await query(world, 'QueryChaincodeDefinition', args.serializeBinary());
      const found = lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes);
      return {
        sequence: found.getSequence(),
        version: found.getVersion(),
        plugins: [found.getEndorsementPlugin(), found.getValidationPlugin()],
        policy: found.getValidationParameter_asB64(),
        init: found.getInitRequired(),
        collections: found
          .getCollections()
          ?.getConfigList()
          .map((one) => one.getStaticCollectionConfig()?.toObject()),
        approvals: found.getApprovalsMap().toObject(),
      };
    }),
  ),
  step('lifecycle/definitions', 'All chaincodes of a channel', (world) =>
    outcomeOf(async () => {
      const args = new lifecycle.QueryChaincodeDefinitionsArgs();
      const bytes = await query(world, 'QueryChaincodeDefinitions', args.serializeBinary());
      const found = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(bytes);
      return (
        found
          .getChaincodeDefinitionsList()
          .map((one) => [one.getName(), one.getVersion(), one.getSequence()])
          // Other rows define chaincodes of their own.
          .filter(([name]) => name === 'probe' || name === 'other')
          .sort()
      );
    }),
  ),
  step('lifecycle/unknown', 'The definition of a chaincode that is not there', (world) =>
    outcomeOf(async () => {
      const args = new lifecycle.QueryChaincodeDefinitionArgs();
      args.setName('ghost');
      return query(world, 'QueryChaincodeDefinition', args.serializeBinary());
    }),
  ),
  step('lifecycle/errors', 'Questions that are none', async (world) => [
    await outcomeOf(() => query(world, 'Ghost', new Uint8Array())),
    await outcomeOf(() =>
      query(world, 'QueryChaincodeDefinition', Uint8Array.from([0x0a, 0xff, 0x01])),
    ),
  ]),
  step('lifecycle/as-user', 'A user may ask, too', (world) =>
    outcomeOf(async () => {
      const person = await world.person('insurer');
      const args = new lifecycle.QueryChaincodeDefinitionsArgs().serializeBinary();
      const bytes = await person
        .network()
        .getContract('_lifecycle')
        .evaluate('QueryChaincodeDefinitions', { arguments: [args] });
      return bytes.length > 0;
    }),
  ),
];
