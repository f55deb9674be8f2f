import type { ChaincodeDefinition } from '../../../definition/src/index.ts';
import { basePackageId } from '../lifecycle/base-state.ts';

/** A further chaincode, and where each organization's peer finds it. */
export interface OtherChaincode {
  readonly definition: ChaincodeDefinition;
  /** `host:port` by the organization's name. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Where an organization's peer finds its chaincodes, by package ID. Same name and version, same server, on whichever channel. */
export function chaincodeAddresses(
  chaincodes: readonly OtherChaincode[],
  organization: string,
): ReadonlyMap<string, string> {
  return new Map(
    chaincodes.flatMap(({ definition, addresses }): [string, string][] => {
      const address = addresses[organization];
      return address === undefined ? [] : [[basePackageId(definition), address]];
    }),
  );
}
