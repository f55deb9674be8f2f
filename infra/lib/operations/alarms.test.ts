import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS } from '../../environments/environments.ts';
import { alarms } from './alarms.ts';
import { nodeAlarms } from './node-alarms.ts';

const RUNBOOKS = join(import.meta.dirname, '..', '..', '..', 'docs', 'runbooks');
const SECTIONS = ['## What it means', '## Look', '## Do', '## Over when'];
const ALL = [...alarms(ENVIRONMENTS.prod, 'api'), ...nodeAlarms(ENVIRONMENTS.prod)];
const MEANINGS = [...new Map(ALL.map(({ name, means }) => [name, means]))];

describe('the alarms', () => {
  test.each(MEANINGS)(
    '%s has a runbook that says what to look at, what to do and when it is over',
    (name, means) => {
      const text = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8');
      for (const section of SECTIONS) expect(text).toContain(section);
      expect(text).toContain(means);
    },
  );

  test('are what the runbooks are of: none is left of an alarm that is gone', () => {
    const runbooks = readdirSync(RUNBOOKS).map((file) => file.replace(/\.md$/, ''));
    expect(runbooks.toSorted()).toEqual(MEANINGS.map(([name]) => name).toSorted());
  });

  test('have names of their own', () => {
    const names = ALL.map(({ name, of }) => `${name} ${of ?? ''}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
