import { createRole, type LocalRole, type Permission } from '../aws/role.ts';
import {
  EMERGENCY_QUEUE,
  INGEST_DEAD_LETTERS,
  INGEST_QUEUE,
  QUARANTINE_QUEUE,
} from '../cloud/queue/queue-set.ts';
import { DOCUMENT_BUCKET } from '../cloud/s3-service.ts';
import { SECRET_PREFIX } from './installation.ts';

/** The IAM roles of the installation, with credentials that last as long as the supervisor. */
export interface Roles {
  /** The ingest function. */
  readonly ingest: LocalRole;
  /** What polls the queue for the ingest function. */
  readonly eventSource: LocalRole;
  /** The FHIR function. */
  readonly fhirApi: LocalRole;
  readonly enrolment: LocalRole;
  /** Says who may listen to the live channel. */
  readonly liveAuthorizer: LocalRole;
  /** Gives services new keys. */
  readonly rotation: LocalRole;
  /** The person in front of this machine, at the services' identities (`npx pulse identities`). */
  readonly identitiesOperator: LocalRole;
  /** The supervisor itself: looks at queues, writes to none. */
  readonly operator: LocalRole;
  /** The person in front of this machine, at the quarantine (`npm run quarantine`). */
  readonly quarantineOperator: LocalRole;
}

/** On the identities of services. */
function services(actions: readonly string[]): Permission[] {
  return ['ingest', 'api'].flatMap((service) =>
    actions.map((action) => ({
      action: `secretsmanager:${action}`,
      resource: `${SECRET_PREFIX}/${service}/*`,
    })),
  );
}

/** What it takes to take messages from a queue. */
function take(queue: string): Permission[] {
  return ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes'].map(
    (action) => ({ action: `sqs:${action}`, resource: queue }),
  );
}

export function createRoles(): Roles {
  const readIssuing = {
    action: 'secretsmanager:GetSecretValue',
    resource: `${SECRET_PREFIX}/issuing-ca/*`,
  };
  const readLiveKey = {
    action: 'secretsmanager:GetSecretValue',
    resource: `${SECRET_PREFIX}/live`,
  };
  const documents = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'].map((action) => ({
    action,
    resource: `arn:aws:s3:::${DOCUMENT_BUCKET}/*`,
  }));
  return {
    ingest: createRole('ingest', [
      { action: 'secretsmanager:GetSecretValue', resource: `${SECRET_PREFIX}/ingest/hospital` },
      { action: 'sqs:SendMessage', resource: QUARANTINE_QUEUE },
      { action: 'iot:Publish', resource: 'v1/*' },
      // Scheduled functions run beside it: one commits what was read while nothing could be ordered.
      { action: 'secretsmanager:GetSecretValue', resource: `${SECRET_PREFIX}/api/*` },
      ...take(EMERGENCY_QUEUE),
    ]),
    eventSource: createRole('event-source', take(INGEST_QUEUE)),
    fhirApi: createRole('fhir-api', [
      readIssuing,
      { action: 'secretsmanager:GetSecretValue', resource: `${SECRET_PREFIX}/api/*` },
      readLiveKey,
      {
        action: 'secretsmanager:GetSecretValue',
        resource: `${SECRET_PREFIX}/note-keys/*`,
      },
      ...documents,
      { action: 'sqs:SendMessage', resource: EMERGENCY_QUEUE },
      // Commands to devices; the pattern has its wildcard at the end.
      { action: 'iot:Publish', resource: 'v1/*' },
    ]),
    enrolment: createRole('enrolment', [readIssuing]),
    rotation: createRole('rotation', [
      readIssuing,
      ...services([
        'GetSecretValue',
        'DescribeSecret',
        'PutSecretValue',
        'UpdateSecretVersionStage',
      ]),
    ]),
    identitiesOperator: createRole(
      'identities-operator',
      services(['GetSecretValue', 'DescribeSecret', 'RotateSecret']),
    ),
    liveAuthorizer: createRole('live-authorizer', [readLiveKey]),
    operator: createRole('operator', [
      { action: 'sqs:ReceiveMessage', resource: QUARANTINE_QUEUE },
      { action: 'sqs:ReceiveMessage', resource: INGEST_DEAD_LETTERS },
    ]),
    quarantineOperator: createRole('quarantine-operator', [
      ...take(QUARANTINE_QUEUE),
      ...take(INGEST_DEAD_LETTERS),
      { action: 'sqs:SendMessage', resource: INGEST_QUEUE },
    ]),
  };
}
