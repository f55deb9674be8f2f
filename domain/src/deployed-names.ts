/** Names of an environment's parts on AWS on which its stacks and the commands of operators agree. */

/** Everything that an environment owns begins with this. */
export function environmentPrefix(environment: string): string {
  return `pulseledger-${environment}`;
}

/** Names of an environment's queues. */
export interface QueueNames {
  readonly ingest: string;
  readonly deadLetter: string;
  readonly quarantine: string;
  readonly ruleError: string;
  readonly emergency: string;
}

/** @param environment - its short name, e.g. `dev` */
export function queueNames(environment: string): QueueNames {
  const prefix = environmentPrefix(environment);
  return {
    ingest: `${prefix}-ingest`,
    deadLetter: `${prefix}-ingest-dead-letter`,
    quarantine: `${prefix}-quarantine`,
    ruleError: `${prefix}-rule-error`,
    emergency: `${prefix}-emergency-intents`,
  };
}
