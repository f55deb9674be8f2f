import type { Row } from './row.ts';
import { APPLICATIONS } from './rows/applications.ts';
import { CHAINCODE } from './rows/chaincode.ts';
import { CHANNELS } from './rows/channels.ts';
import { DEFINITIONS } from './rows/definitions.ts';
import { DELIVER } from './rows/deliver.ts';
import { EVENTS } from './rows/events.ts';
import { GATEWAY } from './rows/gateway.ts';
import { IDENTITIES } from './rows/identities.ts';
import { LIFECYCLE } from './rows/lifecycle.ts';
import { MVCC } from './rows/mvcc.ts';
import { POLICIES } from './rows/policies.ts';
import { LAST, PRIVATE_DATA } from './rows/private-data.ts';
import { RANGES } from './rows/ranges.ts';
import { RUNNING } from './rows/running.ts';
import { STATE } from './rows/state.ts';
import { TRANSACTIONS } from './rows/transactions.ts';

/** The whole table. */
export const ROWS: readonly Row[] = [
  ...CHAINCODE,
  ...GATEWAY,
  ...IDENTITIES,
  ...STATE,
  ...RANGES,
  ...PRIVATE_DATA,
  ...POLICIES,
  ...MVCC,
  ...EVENTS,
  ...DELIVER,
  ...TRANSACTIONS,
  ...LIFECYCLE,
  ...APPLICATIONS,
  ...DEFINITIONS,
  ...RUNNING,
  ...CHANNELS,
  ...LAST,
];
