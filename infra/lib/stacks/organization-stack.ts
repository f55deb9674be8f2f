import type { Construct } from 'constructs';
import { EmptySecret } from '../constructs/empty-secret.ts';
import { EnvironmentKey } from '../constructs/environment-key.ts';
import { nodesOf } from '../fabric/nodes.ts';
import { administratorSecretName, authoritySecretName } from '../names.ts';
import { share } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

export interface OrganizationStackProps extends EnvironmentStackProps {
  /** Name of the organization whose account this is. */
  readonly organization: string;
}

/**
 * What of an organization nobody else has: the key of its ledgers, logs and secrets, and its secrets (authorities,
 * nodes, administrator), empty until they are provisioned.
 */
export class OrganizationStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, { organization, ...props }: OrganizationStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const key = new EnvironmentKey(
      this,
      'Key',
      environment,
      `ledgers and secrets of ${organization}`,
    );
    key.allowLogs();
    share(this, environment, `organization/${organization}/key-arn`, key.keyArn);
    const empty = (name: string, description: string): EmptySecret =>
      new EmptySecret(this, { environment, name, description, keyArn: key.keyArn });
    empty(authoritySecretName(organization), `Authorities of ${organization}`);
    empty(administratorSecretName(organization), `Administrator of ${organization}, briefly`);
    for (const node of nodesOf(environment)) {
      if (node.organization === organization) empty(node.secretName, `Keys of ${node.host}`);
    }
  }
}
