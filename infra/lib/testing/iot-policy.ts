import type { IotPolicyDocument, IotStatement } from '../constructs/device-policy.ts';

/** One thing that a connection asks AWS IoT for. */
export interface IotRequest {
  /** e.g. `iot:Publish`. */
  readonly action: string;
  readonly resource: string;
  /** Values of policy variables; a variable without one makes its resource match nothing. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * What AWS IoT would answer: the resources with variables filled in, `*` and `?` as in IAM, conditions of the operator Bool.
 * `+` and `#` of a topic filter are letters like others here
 * (https://docs.aws.amazon.com/iot/latest/developerguide/pub-sub-policy.html).
 */
export function allows(policy: IotPolicyDocument, request: IotRequest): boolean {
  return policy.Statement.some(
    (statement) =>
      statement.Action === request.action &&
      holds(statement, request.variables) &&
      statement.Resource.some((pattern) => matches(pattern, request)),
  );
}

function matches(pattern: string, { resource, variables }: IotRequest): boolean {
  const parts = pattern.split(/(\$\{[^}]+\}|\*|\?)/).map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (!part.startsWith('${')) return RegExp.escape(part);
    const value = variables[part.slice(2, -1)];
    return value === undefined ? undefined : RegExp.escape(value);
  });
  return !parts.includes(undefined) && new RegExp(`^${parts.join('')}$`).test(resource);
}

function holds({ Condition }: IotStatement, variables: IotRequest['variables']): boolean {
  return Object.entries(Condition ?? {}).every(([operator, wanted]) => {
    if (operator !== 'Bool') throw new Error(`the operator ${operator} is not known here`);
    return Object.entries(wanted).every(([key, values]) => values.includes(variables[key] ?? ''));
  });
}
