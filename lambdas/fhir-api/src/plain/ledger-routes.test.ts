import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import { HEIGHT, TRANSACTION } from '../testing/memory-ledger.ts';
import {
  administrator,
  agent,
  amina,
  boris,
  doctor,
  doctorElsewhere,
  emptyRecord,
  nurse,
} from '../testing/story.ts';

const medic: Caller = { ...doctor, role: 'emergency-medic', subject: 'medic' };
const laboratory: Caller = { ...doctor, role: 'laboratory', subject: 'laboratory' };
const representative: Caller = { ...amina, role: 'representative', subject: 'representative' };
const administrators = [
  administrator,
  { ...administrator, organization: 'insurer', subject: 'administrator-of-the-insurer' },
] as const satisfies Caller[];
const others = [
  ...[doctor, nurse, doctorElsewhere, amina, boris, agent],
  ...[medic, laboratory, representative],
];
const PATHS = [
  'ledger',
  'ledger/blocks',
  'ledger/blocks/3',
  `ledger/transactions/${TRANSACTION}`,
  'ledger/chaincodes',
];

let api: TestApi;
beforeEach(() => {
  api = testApi(emptyRecord(), [...administrators, ...others]);
});

async function get(caller: Caller | undefined, path: string) {
  const answer = await api.send(caller, path);
  return { ...answer, json: JSON.parse(answer.text) as Record<string, unknown> };
}

describe.each(PATHS)('GET /%s', (path) => {
  it.each(administrators)('is answered to $role of $organization', async (caller) => {
    const { status, headers } = await get(caller, path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it.each(others)('is refused to $role of $organization', async (caller) => {
    const { status, json } = await get(caller, path);
    expect({ status, code: json['code'] }).toEqual({ status: 403, code: 'access_denied' });
  });

  it('needs a login, and takes no parameter that it does not know', async () => {
    expect((await get(undefined, path)).status).toBe(401);
    const more = await get(administrator, `${path}?patient=1`);
    expect(more).toMatchObject({ status: 400, json: { code: 'invalid_input' } });
  });

  it('is read only', async () => {
    const answer = await api.send(administrator, path, { method: 'POST' });
    expect(answer.status).toBe(405);
  });
});

describe('the blocks', () => {
  it('come newest first, a page at a time', async () => {
    const { json } = await get(administrator, 'ledger/blocks?pageSize=2');
    expect(json).toMatchObject({
      height: HEIGHT,
      blocks: [{ number: HEIGHT - 1 }, { number: HEIGHT - 2 }],
    });
    const older = await get(administrator, 'ledger/blocks?pageSize=2&before=1');
    expect(older.json).toMatchObject({ blocks: [{ number: 0, isChained: null }] });
  });

  it.each(['pageSize=0', 'pageSize=26', 'pageSize=x', 'before=-1', 'before=1.5'])(
    'are not given for %s',
    async (query) => {
      const { status, json } = await get(administrator, `ledger/blocks?${query}`);
      expect({ status, code: json['code'] }).toEqual({ status: 400, code: 'invalid_input' });
    },
  );
});

describe('what is not there', () => {
  it.each([
    'ledger/blocks/60',
    'ledger/blocks/-1',
    'ledger/blocks/1e1',
    'ledger/blocks/0x1',
    'ledger/blocks/01',
    'ledger/blocks/last',
    `ledger/transactions/${'d'.repeat(64)}`,
    'ledger/transactions/ghost',
    `ledger/transactions/${TRANSACTION}0`,
  ])('is not found: %s', async (path) => {
    const { status, json } = await get(administrator, path);
    expect({ status, code: json['code'] }).toEqual({ status: 404, code: 'not_found' });
  });
});
