import { RemovalPolicy } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { prefix } from '../names.ts';
import { type AlarmDescription, alarms } from '../operations/alarms.ts';
import { shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

const GRAPH_WIDTH = 12;

/** Alarms, whom they wake, and one dashboard that shows what they look at. */
export class OperationsStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const descriptions = alarms(environment, shared(this, environment, 'api/id'));
    const action = new SnsAction(this.#topic(environment));
    for (const description of descriptions) {
      this.#alarm(environment, description).addAlarmAction(action);
    }
    new Dashboard(this, 'Dashboard', {
      dashboardName: prefix(environment),
      widgets: descriptions.map(({ name, metric, threshold }) => [
        new GraphWidget({
          title: name,
          left: [metric],
          leftAnnotations: [{ value: threshold }],
          width: GRAPH_WIDTH,
        }),
      ]),
    });
  }

  #topic(environment: Environment): Topic {
    // CloudWatch must be let to use the key, so the topic cannot be under a key of AWS's own.
    const key = new Key(this, 'Key', {
      description: `${prefix(environment)}: alarms`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    key.grantEncryptDecrypt(new ServicePrincipal('cloudwatch.amazonaws.com'));
    const topic = new Topic(this, 'Alarms', {
      topicName: `${prefix(environment)}-alarms`,
      masterKey: key,
      enforceSSL: true,
    });
    topic.addSubscription(new EmailSubscription(environment.alarmEmail));
    return topic;
  }

  #alarm(environment: Environment, description: AlarmDescription): Alarm {
    const { name, means, metric, threshold, evaluationPeriods } = description;
    return new Alarm(this, `Alarm/${name}`, {
      alarmName: `${prefix(environment)}-${name}`,
      alarmDescription: `${means} See docs/runbooks/${name}.md.`,
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      // Nothing measured is nothing going on: nights have no readings in dev.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
