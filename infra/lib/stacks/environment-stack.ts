import { ArnFormat, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { secretPrefix } from '../names.ts';

/** What every stack of an environment is told. */
export interface EnvironmentStackProps extends StackProps {
  readonly environment: Environment;
  /**
   * Account of the organization the stack belongs to.
   *
   * @default - the environment's own account
   */
  readonly account?: string;
}

/** A stack of one environment: its account and region, its zones without a lookup, its tags. */
export class EnvironmentStack extends Stack {
  readonly environmentSettings: Environment;

  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    const { environment, account, ...rest } = props;
    super(scope, id, {
      ...rest,
      env: { account: account ?? environment.account, region: environment.region },
    });
    this.environmentSettings = environment;
    Tags.of(this).add('pulseledger:environment', environment.name);
  }

  /** ARN of a secret below the environment's prefix; Secrets Manager appends six characters to its name. */
  protected secretArn(name: string): string {
    return this.formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${secretPrefix(this.environmentSettings)}/${name}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** From the environment's table: CDK would ask the account, and need credentials to synthesise. */
  override get availabilityZones(): string[] {
    return [...this.environmentSettings.availabilityZones];
  }
}
