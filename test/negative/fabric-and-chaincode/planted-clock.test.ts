import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Organization } from '@pulseledger/domain';
import { connectGateway, createSignatory } from '@pulseledger/ledger';
import {
  type ChaincodeService,
  startChaincodeService,
} from '@pulseledger/network/chaincode-service';
import { NETWORK } from '@pulseledger/network/definition';
import { type Devnet, startDevnet } from '@pulseledger/network/devnet';
import { issueUser, readAuthority } from '@pulseledger/network/identity';
import { Linter } from 'eslint';
import { CHECKOUT } from '../../integration/start.ts';
import { freePort } from '../../record-port/embedded-network.ts';
import { BOTH_PROVIDERS, wordsOf } from '../support/ledger-world.ts';

const run = promisify(execFile);

const LIMIT_MS = 120_000;
const CONTRACT_FILE = 'chaincode/src/care/read-patient.ts';
const ORGANIZATIONS: readonly Organization[] = ['hospital', 'clinic'];

describe('a contract with a clock of its own', () => {
  let folder: string;
  let devnet: Devnet;
  const services: ChaincodeService[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-clock-'));
    const addresses: Record<string, string> = {};
    for (const name of ORGANIZATIONS) {
      const service = await startChaincodeService({
        address: `127.0.0.1:${await freePort()}`,
        chaincodeId: `clock-${name}`,
        logFile: join(folder, `clock-${name}.log`),
        folder: join(import.meta.dirname, 'clock-chaincode'),
      });
      services.push(service);
      addresses[name] = service.address;
    }
    const { name, version } = NETWORK.chaincode;
    devnet = await startDevnet({
      definition: NETWORK,
      keysDir: join(folder, 'keys'),
      ledgerDir: join(folder, 'ledger'),
      chaincode: { name, version, addresses },
    });
  }, LIMIT_MS);
  afterAll(async () => {
    await devnet.close();
    await Promise.all(services.map((service) => service.stop()));
    await rm(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  async function submitted(name: string): Promise<string> {
    const issuer = await readAuthority(join(folder, 'keys'), 'hospital', 'issuing');
    const subjectCommitment = randomBytes(32).toString('hex');
    const key = issueUser({ issuer, role: 'doctor', subjectCommitment, minutes: 5 });
    const connection = connectGateway(devnet.profile, 'hospital');
    try {
      await connection.call(createSignatory({ mspId: 'HospitalMSP', ...key }), (gateway) =>
        gateway
          .getNetwork(connection.channel)
          .getContract(connection.chaincode)
          .submit(name, { endorsingOrganizations: [...BOTH_PROVIDERS] }),
      );
      return 'committed';
    } catch (error) {
      return wordsOf(error);
    } finally {
      connection.close();
    }
  }

  it(
    'F4 gets no transaction through: the Gateway sees that the endorsers differ',
    async () => {
      expect(await submitted('Clock:Steady')).toBe('committed');
      expect(await submitted('Clock:Planted')).toContain('ProposalResponsePayloads do not match');
    },
    LIMIT_MS,
  );

  const planted = [
    'export const time = Date.now();',
    'export const time = new Date();',
    'export const chance = Math.random();',
    "import { randomBytes } from 'node:crypto';\nexport const chance = randomBytes(8);",
    'export const home = process.env.HOME;',
    'export const text = (1).toLocaleString();',
  ];
  it(
    'F4 is refused by the linter',
    async () => {
      // Asked for as a program asks: jest cannot load the linter's configuration.
      const { stdout } = await run(
        process.execPath,
        [join(CHECKOUT, 'node_modules/eslint/bin/eslint.js'), '--print-config', CONTRACT_FILE],
        { cwd: CHECKOUT, maxBuffer: 16 * 1024 * 1024 },
      );
      const { rules } = JSON.parse(stdout) as Linter.Config;
      const rule = rules?.['no-restricted-syntax'] ?? 'off';
      const linter = new Linter({ cwd: CHECKOUT });
      for (const code of planted) {
        const found = linter.verify(code, [{ rules: { 'no-restricted-syntax': rule } }]);
        const ruleIds = new Set(found.map(({ ruleId }) => ruleId));
        expect([code, ...ruleIds]).toEqual([code, 'no-restricted-syntax']);
      }
    },
    LIMIT_MS,
  );
});
