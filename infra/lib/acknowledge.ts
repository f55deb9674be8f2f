import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says of one resource why it may do what a rule forbids: rule id to a reason that a reviewer can check. */
export function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) {
    Validations.of(scope).acknowledge({ id, reason });
  }
}
