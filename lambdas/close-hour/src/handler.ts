/** A scheduled function (EventBridge): sums up the hours that are over, so that trends are read quickly. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  connectGateway,
  IdentitySource,
  RecordClient,
  serviceSignatories,
} from '@pulseledger/ledger';
import { readServiceEnvironment } from '../../common/src/environment.ts';
import { logLine } from '../../common/src/log.ts';
import { closeHours } from './close-hours.ts';

const { secretPrefix, organization, profile } = readServiceEnvironment(process.env);
const identities = new IdentitySource({
  client: new SecretsManagerClient({}),
  prefix: secretPrefix,
});
const record = new RecordClient({
  connection: connectGateway(profile, organization),
  signatories: serviceSignatories(identities, organization),
});

/** One round; what it leaves open is the next one's. */
export async function handler(): Promise<void> {
  const startedMs = Date.now();
  const { lookedAt, closed, failures } = await closeHours(record);
  const durationMs = Date.now() - startedMs;
  console.log(logLine('hours_closed', { count: lookedAt, recorded: closed, failures, durationMs }));
}
