import { RemovalPolicy } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { alarmTopicName, prefix } from '../names.ts';
import { AlarmSet } from '../operations/alarm-set.ts';
import { alarms } from '../operations/alarms.ts';
import { shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** Alarms, whom they wake, and one dashboard that shows what they look at. */
export class OperationsStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    new AlarmSet(this, 'Alarm', {
      environment,
      dashboardName: prefix(environment),
      descriptions: alarms(environment, shared(this, environment, 'api/id')),
      action: new SnsAction(this.#topic(environment)),
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
      topicName: alarmTopicName(environment),
      masterKey: key,
      enforceSSL: true,
    });
    topic.addSubscription(new EmailSubscription(environment.alarmEmail));
    return topic;
  }
}
