import type { Row } from './row.ts';
import { CHAINCODE } from './rows/chaincode.ts';
import { GATEWAY } from './rows/gateway.ts';
import { IDENTITIES } from './rows/identities.ts';
import { MVCC } from './rows/mvcc.ts';
import { POLICIES } from './rows/policies.ts';
import { LAST, PRIVATE_DATA } from './rows/private-data.ts';
import { RANGES } from './rows/ranges.ts';
import { STATE } from './rows/state.ts';

/** The whole table. */
export const ROWS: readonly Row[] = [
  ...GATEWAY,
  ...IDENTITIES,
  ...STATE,
  ...RANGES,
  ...PRIVATE_DATA,
  ...POLICIES,
  ...MVCC,
  ...CHAINCODE,
  ...LAST,
];
