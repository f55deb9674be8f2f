/** A scheduled function (EventBridge): purges what consents that have ended by time left with the insurer. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  ConsentClient,
  connectGateway,
  IdentitySource,
  serviceSignatories,
} from '@pulseledger/ledger';
import { readServiceEnvironment } from '../../common/src/environment.ts';
import { logLine } from '../../common/src/log.ts';

const { secretPrefix, organization, profile } = readServiceEnvironment(process.env);
const identities = new IdentitySource({
  client: new SecretsManagerClient({}),
  prefix: secretPrefix,
});
const consents = new ConsentClient({
  connection: connectGateway(profile, organization),
  signatories: serviceSignatories(identities, organization),
});

/** Nothing more is purged after this time, within the minute that an invocation has. */
const GIVE_UP_AFTER_MS = 45_000;

/** One round; what it leaves is the next one's. Reading has ended with the consent already. */
export async function handler(): Promise<void> {
  const startedMs = Date.now();
  const count = await consents.purgeEnded(startedMs + GIVE_UP_AFTER_MS);
  console.log(logLine('shares_purged', { count, durationMs: Date.now() - startedMs }));
}
