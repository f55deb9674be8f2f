import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import { prefix } from './names.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { FabricStack } from './stacks/fabric-stack.ts';
import { IdentitiesStack } from './stacks/identities-stack.ts';
import { IngestStack } from './stacks/ingest-stack.ts';
import { LiveStack } from './stacks/live-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { NodeAlarmsStack } from './stacks/node-alarms-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';
import { OrganizationStack } from './stacks/organization-stack.ts';
import { PageStack } from './stacks/page-stack.ts';
import { PeopleStack } from './stacks/people-stack.ts';
import { RotationStack } from './stacks/rotation-stack.ts';

/** One environment: stacks that hold data apart from those that can be made anew at any time. */
export class EnvironmentStage extends Stage {
  constructor(scope: Construct, environment: Environment) {
    super(scope, environment.name);
    const stack = (name: string): { readonly stackName: string } => ({
      stackName: `${prefix(environment)}-${name}`,
    });
    const held = { environment, terminationProtection: environment.isProtected };
    const data = new DataStack(this, 'data', { ...held, ...stack('data') });
    const identities = new IdentitiesStack(this, 'identities', { ...held, ...stack('identities') });
    identities.addStackDependency(data);
    const network = new NetworkStack(this, 'network', { ...held, ...stack('network') });
    network.addStackDependency(data);
    for (const { name, account } of environment.organizations) {
      const own = new OrganizationStack(this, `organization-${name}`, {
        ...held,
        ...stack(`organization-${name}`),
        account,
        organization: name,
      });
      const fabric = new FabricStack(this, `fabric-${name}`, {
        ...held,
        ...stack(`fabric-${name}`),
        account,
        organization: name,
      });
      fabric.addStackDependency(network);
      fabric.addStackDependency(own);
    }
    const rotation = new RotationStack(this, 'rotation', { environment, ...stack('rotation') });
    rotation.addStackDependency(network);
    rotation.addStackDependency(identities);
    const ingest = new IngestStack(this, 'ingest', { environment, ...stack('ingest') });
    ingest.addStackDependency(network);
    const people = new PeopleStack(this, 'people', { ...held, ...stack('people') });
    people.addStackDependency(network);
    const api = new ApiStack(this, 'api', { environment, ...stack('api') });
    api.addStackDependency(people);
    const live = new LiveStack(this, 'live', { environment, ...stack('live') });
    live.addStackDependency(network);
    const page = new PageStack(this, 'page', { environment, ...stack('page') });
    page.addStackDependency(api);
    const operations = new OperationsStack(this, 'operations', {
      environment,
      ...stack('operations'),
    });
    operations.addStackDependency(api);
    const nodeAlarms = new NodeAlarmsStack(this, 'node-alarms', {
      environment,
      ...stack('node-alarms'),
    });
    nodeAlarms.addStackDependency(operations);
  }
}
