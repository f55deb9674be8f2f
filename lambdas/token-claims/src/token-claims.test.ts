import { describe, expect, test } from '@jest/globals';
import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { handler } from './handler.ts';

const SUBJECT_ID = 'ab'.repeat(16);

interface Account {
  readonly org?: string;
  readonly role?: string;
  readonly subjectId?: string;
  readonly groups?: string[];
}

function eventFor({
  org = 'hospital',
  role = 'doctor',
  subjectId = SUBJECT_ID,
  groups = ['hospital-doctor'],
}: Account): PreTokenGenerationV2TriggerEvent {
  return {
    version: '2',
    triggerSource: 'TokenGeneration_Authentication',
    region: 'eu-central-1',
    userPoolId: 'eu-central-1_example',
    userName: 'someone',
    callerContext: { awsSdkVersion: '1', clientId: 'client' },
    request: {
      userAttributes: { 'custom:org': org, 'custom:role': role, 'custom:subject_id': subjectId },
      groupConfiguration: { groupsToOverride: groups, iamRolesToOverride: [] },
      scopes: [],
    },
    response: { claimsAndScopeOverrideDetails: {} },
  };
}

async function claimsFor(account: Account): Promise<unknown> {
  const { response } = await handler(eventFor(account));
  return response.claimsAndScopeOverrideDetails.accessTokenGeneration?.claimsToAddOrOverride;
}

describe('the claims of an access token', () => {
  test('say organization, role and record id', async () => {
    expect(await claimsFor({})).toEqual({
      org: 'hospital',
      role: 'doctor',
      subject_id: SUBJECT_ID,
    });
  });

  test.each<[string, Account]>([
    ['without a known role', { role: 'root' }],
    ['of an unknown organization', { org: 'pharmacy' }],
    ['without a record id', { subjectId: '' }],
    ['that is not in the group of its role', { groups: ['hospital-nurse'] }],
    ['that is in no group', { groups: [] }],
    ['of an insurer with a doctor', { org: 'insurer', groups: ['insurer-doctor'] }],
    ['of a hospital with an insurance agent', { role: 'insurance-agent' }],
  ])('are not written for an account %s: no token is issued', async (_, account) => {
    await expect(claimsFor(account)).rejects.toThrow(/^the (account|organization)/);
  });

  test('are refused without naming the person', async () => {
    await expect(claimsFor({ role: 'Gustavo' })).rejects.not.toThrow(/Gustavo|ab{4}/);
  });
});
