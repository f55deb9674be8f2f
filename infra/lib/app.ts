import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks } from 'cdk-nag';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { EnvironmentStage } from './environment-stage.ts';

/** An app whose synthesis fails on a finding of the rule packs. */
export function createCheckedApp(props: AppProps = {}): App {
  const app = new App({ ...props, analyticsReporting: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new HIPAASecurityChecks(app));
  return app;
}

/** All environments in one app, so that a mistake in prod shows before dev is deployed. */
export function createApp(props: AppProps = {}): App {
  const app = createCheckedApp(props);
  for (const environment of Object.values(ENVIRONMENTS)) new EnvironmentStage(app, environment);
  return app;
}
