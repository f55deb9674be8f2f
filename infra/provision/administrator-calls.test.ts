import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { subjectCommitment } from '@pulseledger/domain';
import { createAuthorities, issueAdministrator } from '@pulseledger/network/identity';
import { z } from 'zod';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { machineLayout } from '../lib/fabric/machine-layout.ts';
import { definitionOf } from '../lib/fabric/nodes.ts';
import { AdministratorCalls } from './administrator-calls.ts';
import { createEdges, type Edges } from './edges.ts';
import { ADMINISTRATION, remoteTools } from './remote-tools.ts';

const { dev } = ENVIRONMENTS;
const DEFINITION = definitionOf(dev);
const INPUT = '{"secretHex":"made up"}';
const Value = z.object({ files: z.record(z.string(), z.string()) });
const Given = z.object({ input: z.base64(), subject: z.base64() });
const Subject = z.object({ id: z.string(), saltHex: z.string() });

let keysFolder = '';
const scripts: { readonly host: string; readonly script: string }[] = [];
const values: string[] = [];
let calls: AdministratorCalls;

/** An account whose machines answer with these words. */
function edgesTo(answer: string): Edges {
  const send = (command: unknown): Promise<object> => {
    if (!(command instanceof PutSecretValueCommand)) throw new TypeError('not made up');
    values.push(command.input.SecretString ?? '');
    return Promise.resolve({});
  };
  const none = { send: (): Promise<object> => Promise.reject(new TypeError('not made up')) };
  const edges = createEdges(dev, {
    clientsOf: () => ({ ssm: none, objects: none, secrets: { send } }),
  });
  const commands = {
    run: (host: string, purpose: string, script: string): Promise<string> => {
      scripts.push({ host, script });
      return Promise.resolve(purpose === 'look for an orderer' ? 'yes' : answer);
    },
  };
  return { common: edges.common, of: (name) => ({ ...edges.of(name), commands }) };
}

beforeAll(async () => {
  keysFolder = mkdtempSync(join(tmpdir(), 'administrator-'));
  await createAuthorities(keysFolder, DEFINITION);
  const organization = DEFINITION.organizations.find(({ name }) => name === 'clinic')!;
  await issueAdministrator(keysFolder, organization);
  const edges = edgesTo('{"attesters":{}}');
  const programs = { configtxgen: '', configtxlator: '' };
  const tools = remoteTools({ edges, programs, keysFolder, published: {} });
  const layout = machineLayout(DEFINITION, ADMINISTRATION);
  calls = new AdministratorCalls({ edges, tools, layout, keysFolder, organization });
});
afterAll(() => {
  rmSync(keysFolder, { recursive: true, force: true });
});

describe("calls of the contract as a provider's administrator", () => {
  test('run beside the own peer, and are endorsed by the peers of both providers', async () => {
    await calls.submit('record:SetIndexSecret', INPUT, 'all');
    const { host, script } = scripts.at(-1)!;
    expect(host).toBe('peer0.clinic.dev.pulseledger.internal');
    for (const provider of ['hospital', 'clinic']) {
      expect(script).toContain(
        `--peerAddresses=peer0.${provider}.dev.pulseledger.internal:7051 --tlsRootCertFiles=/run/pulse-provision/keys/${provider}/ca/tls/certificate.pem`,
      );
    }
    expect(script).toContain(`'--ctor={"Args":["record:SetIndexSecret"]}'`);
    expect(script).toContain('--waitForEvent');
  });

  test('that only the own organization may see go to its own peer alone', async () => {
    await calls.submit('access:PutAttesterKey', INPUT, 'own');
    const { script } = scripts.at(-1)!;
    expect(script.match(/--peerAddresses=/g)).toHaveLength(1);
    expect(script).toContain('--peerAddresses=peer0.clinic.');
  });

  test('have their input in the secret of administrators, not in the command that Systems Manager keeps', async () => {
    await calls.submit('record:SetIndexSecret', INPUT, 'all');
    const { script } = scripts.at(-1)!;
    const hidden = Buffer.from(INPUT).toString('base64');
    expect(script).not.toContain(hidden);
    expect(script).not.toContain('made up');
    expect(script).toContain('--transient "$(cat /run/pulse-provision/keys/transient.json)"');
    const { files } = Value.parse(JSON.parse(values.at(-1) ?? ''));
    expect(Given.parse(JSON.parse(files['transient.json'] ?? '')).input).toBe(hidden);
  });

  test('are signed by a person of the organization whom nothing names, for minutes', async () => {
    expect(await calls.evaluate('access:ListAttesters', '{}')).toBe('{"attesters":{}}');
    const { files } = Value.parse(JSON.parse(values.at(-1) ?? ''));
    const pem = files['clinic/administrators/admin/msp/signcerts/certificate.pem'] ?? '';
    const certificate = new X509Certificate(pem);
    expect(Date.parse(certificate.validTo) - Date.now()).toBeLessThan(16 * 60_000);
    const given = Given.parse(JSON.parse(files['transient.json'] ?? ''));
    const opening = Subject.parse(JSON.parse(Buffer.from(given.subject, 'base64').toString()));
    const commitment = subjectCommitment(opening.id, opening.saltHex, (bytes) =>
      createHash('sha256').update(bytes).digest(),
    );
    const attributes = certificate.raw.toString('latin1');
    expect(attributes).toContain('"role":"administrator"');
    expect(attributes).toContain(commitment);
    expect(attributes).not.toContain(opening.id);
    expect(Object.keys(files).filter((file) => file.endsWith('key.pem'))).toEqual(
      expect.arrayContaining(['clinic/administrators/admin/msp/keystore/key.pem']),
    );
  });
});
