import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** ARN of a resource of AWS IoT in the stack's account, e.g. from `topic/v1/x/acks`. */
export function iotArn(scope: IConstruct, resource: string): string {
  return Stack.of(scope).formatArn({
    service: 'iot',
    resource,
    arnFormat: ArnFormat.NO_RESOURCE_NAME,
  });
}
