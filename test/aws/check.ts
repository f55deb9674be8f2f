import type { Deployment } from './deployment.ts';
import { AwsTestFailure } from './failure.ts';

/** Something that a deployment does, and how one sees it. */
export interface Check {
  readonly behaviour: string;
  /** @returns what else there is to say @throws Error when it is not so */
  readonly look: (deployment: Deployment) => Promise<string | undefined>;
}

/** @throws AwsTestFailure saying what is otherwise */
export function demand(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new AwsTestFailure(otherwise);
}
