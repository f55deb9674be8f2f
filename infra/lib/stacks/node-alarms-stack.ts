import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { alarmTopicName, prefix } from '../names.ts';
import { AlarmSet } from '../operations/alarm-set.ts';
import { nodeAlarms, nodeGraphs } from '../operations/node-alarms.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** Alarms and dashboard of the machines of all organizations; they wake whom the other alarms wake. */
export class NodeAlarmsStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const arn = this.formatArn({ service: 'sns', resource: alarmTopicName(environment) });
    new AlarmSet(this, 'Alarms', {
      environment,
      dashboardName: `${prefix(environment)}-nodes`,
      descriptions: nodeAlarms(environment),
      action: new SnsAction(Topic.fromTopicArn(this, 'Topic', arn)),
      further: nodeGraphs(environment),
    });
  }
}
