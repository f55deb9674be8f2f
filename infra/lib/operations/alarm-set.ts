import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IAlarmAction,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { prefix } from '../names.ts';
import type { AlarmDescription } from './alarm-description.ts';

const GRAPH_WIDTH = 12;
const { GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } = ComparisonOperator;

export interface AlarmSetProps {
  readonly environment: Environment;
  readonly dashboardName: string;
  readonly descriptions: readonly AlarmDescription[];
  /** Whom alarms wake. */
  readonly action: IAlarmAction;
  /**
   * What the dashboard shows besides what the alarms look at.
   *
   * @default - nothing
   */
  readonly further?: readonly GraphWidget[];
}

/** Alarms, and a dashboard that shows what they look at. */
export class AlarmSet extends Construct {
  constructor(scope: Construct, id: string, props: AlarmSetProps) {
    super(scope, id);
    const { environment, dashboardName, descriptions, action, further = [] } = props;
    for (const description of descriptions) {
      this.#alarm(environment, description).addAlarmAction(action);
    }
    const graphs = descriptions.map(
      ({ metric, threshold, ...named }) =>
        new GraphWidget({
          title: fullName(named),
          left: [metric],
          leftAnnotations: [{ value: threshold }],
          width: GRAPH_WIDTH,
        }),
    );
    new Dashboard(this, 'Dashboard', {
      dashboardName,
      widgets: [...graphs, ...further].map((graph) => [graph]),
    });
  }

  #alarm(environment: Environment, description: AlarmDescription): Alarm {
    const { name, means, metric, threshold, evaluationPeriods, sounds, isSilenceBad } = description;
    return new Alarm(this, fullName(description), {
      alarmName: `${prefix(environment)}-${fullName(description)}`,
      alarmDescription: `${means} See docs/runbooks/${name}.md.`,
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: sounds === 'below' ? LESS_THAN_THRESHOLD : GREATER_THAN_THRESHOLD,
      treatMissingData:
        isSilenceBad === true ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
  }
}

function fullName({ name, of }: Pick<AlarmDescription, 'name' | 'of'>): string {
  return of === undefined ? name : `${name}-${of}`;
}
