/** A scheduled function (EventBridge): writes how many readings are missing as metrics. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  connectGateway,
  IdentitySource,
  RecordClient,
  serviceSignatories,
} from '@pulseledger/ledger';
import { readServiceEnvironment } from '../../common/src/environment.ts';
import { logLine } from '../../common/src/log.ts';
import { EmfMetrics } from '../../common/src/metrics.ts';
import { countGaps } from './count-gaps.ts';

const { secretPrefix, organization, profile } = readServiceEnvironment(process.env);
const identities = new IdentitySource({
  client: new SecretsManagerClient({}),
  prefix: secretPrefix,
});
const record = new RecordClient({
  connection: connectGateway(profile, organization),
  signatories: serviceSignatories(identities, organization),
});
const metrics = new EmfMetrics('gap-watch', console.log);

/** One count; the next one is due a minute later. */
export async function handler(): Promise<void> {
  const startedMs = Date.now();
  const { devices, devicesWithGaps, missingReadings } = await countGaps((input) =>
    record.listGaps(input),
  );
  metrics.record('MissingReadings', missingReadings);
  metrics.record('DevicesWithGaps', devicesWithGaps);
  metrics.flush();
  console.log(logLine('gaps_counted', { count: devices, durationMs: Date.now() - startedMs }));
}
