import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS } from '../../environments/environments.ts';
import { alarms } from './alarms.ts';

const RUNBOOKS = join(import.meta.dirname, '..', '..', '..', 'docs', 'runbooks');
const SECTIONS = ['## What it means', '## Look', '## Do', '## Over when'];

describe('the alarms', () => {
  test.each(alarms(ENVIRONMENTS.prod, 'api').map(({ name, means }) => ({ name, means })))(
    '$name has a runbook that says what to look at, what to do and when it is over',
    ({ name, means }) => {
      const text = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8');
      for (const section of SECTIONS) expect(text).toContain(section);
      expect(text).toContain(means);
    },
  );

  test('have names of their own', () => {
    const names = alarms(ENVIRONMENTS.prod, 'api').map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
