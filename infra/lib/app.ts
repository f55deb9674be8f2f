import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks, HIPAASecurityChecks } from 'cdk-nag';
import type { Environment } from '../environments/environment.ts';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { EnvironmentStage } from './environment-stage.ts';
import { withPackedPrograms } from './programs-context.ts';

/**
 * The CLI takes the verdict over, and then looks at the stacks of the root only, of which this app has none: a finding
 * in a stage passed it unseen (CDK CLI 2.1148). So the app itself fails.
 */
const FAIL_ITSELF = { [FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT]: true };

/** An app whose synthesis fails on a finding of the rule packs. */
export function createCheckedApp(props: AppProps = {}): App {
  const app = new App({ ...props, analyticsReporting: false, postCliContext: FAIL_ITSELF });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new HIPAASecurityChecks(app));
  return app;
}

/** All environments in one app, so that a mistake in prod shows before dev is deployed. */
export function createApp(
  props: AppProps = {},
  environments: readonly Environment[] = Object.values(ENVIRONMENTS),
): App {
  const app = createCheckedApp(props);
  for (const environment of environments) {
    new EnvironmentStage(app, withPackedPrograms(app.node, environment));
  }
  return app;
}
