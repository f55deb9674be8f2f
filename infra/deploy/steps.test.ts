import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { createApp } from '../lib/app.ts';
import { withApp } from '../lib/testing/synthesised.ts';
import { deploymentSteps, describeSteps, UNPACKED } from './steps.ts';

const PROFILES = { '444444444444': 'clinic', '555555555555': 'insurer' };

function steps(name: keyof typeof ENVIRONMENTS): ReturnType<typeof deploymentSteps> {
  return deploymentSteps({
    environment: ENVIRONMENTS[name],
    profiles: PROFILES,
    programs: UNPACKED,
  });
}

/** Stacks in the order in which they are deployed, with the profile of the account. */
function deployed(name: keyof typeof ENVIRONMENTS): (readonly [string, string | undefined])[] {
  return steps(name)
    .flatMap(({ commands }) => commands)
    .filter(({ program, args }) => program === 'cdk' && args[0] === 'deploy')
    .flatMap(({ args, profile }) =>
      args.filter((word) => word.startsWith(`${name}/`)).map((word) => [word, profile] as const),
    );
}

describe('the steps of a deployment', () => {
  test.each(['dev', 'prod'] as const)('of %s deploy every stack of it, once', (name) => {
    const stacks = withApp(
      (props) => createApp(props, [ENVIRONMENTS[name]]),
      (app) => app.node.findChild(name).node.children.map(({ node }) => node.path),
    );
    expect(
      deployed(name)
        .map(([stack]) => stack)
        .toSorted(),
    ).toEqual(stacks.toSorted());
  });

  test('deploy with the profile of the account that the stack belongs to', () => {
    const profiles = new Map(deployed('prod'));
    expect(profiles.get('prod/fabric-clinic')).toBe('clinic');
    expect(profiles.get('prod/organization-insurer')).toBe('insurer');
    expect(profiles.get('prod/fabric-hospital')).toBeUndefined();
    expect(profiles.get('prod/api')).toBeUndefined();
  });

  test('make the network after its machines and before what reads its connection profile', () => {
    const programs = steps('dev').flatMap(({ commands }) =>
      commands.map(({ program, args }) => [program, ...args].join(' ')),
    );
    const at = (part: string): number => programs.findIndex((text) => text.includes(part));
    expect(at('pack')).toBeLessThan(at('dev/data'));
    expect(at('upload')).toBeLessThan(at('dev/fabric-hospital'));
    expect(at('dev/fabric-insurer')).toBeLessThan(at('provision'));
    expect(at('provision')).toBeLessThan(at('dev/api'));
  });

  test('tell other accounts what their stacks read, only where there are other accounts', () => {
    const told = (name: 'dev' | 'prod'): string[] =>
      steps(name)
        .flatMap(({ commands }) => commands)
        .filter(({ program }) => program === 'tell')
        .map(({ args }) => args[0] ?? '');
    expect(told('dev')).toEqual([]);
    expect(told('prod')).toEqual(['444444444444', '555555555555']);
  });

  test('say what costs money and what is left to a person', () => {
    const text = describeSteps(steps('dev'));
    expect(text).toContain('costs: 9 interface endpoints');
    expect(text).toContain('1 × t4g.medium');
    expect(text).toContain('Then by hand:');
  });
});
