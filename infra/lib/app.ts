import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks } from 'cdk-nag';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { EnvironmentStage } from './environment-stage.ts';

/** All environments in one app, with the checks that make synthesis fail on a finding. */
export function createApp(props: AppProps = {}): App {
  const app = new App({ ...props, analyticsReporting: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new HIPAASecurityChecks(app));
  for (const environment of Object.values(ENVIRONMENTS)) new EnvironmentStage(app, environment);
  return app;
}
