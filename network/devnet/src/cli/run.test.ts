import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, hash, signers } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../chaincode-process.ts';

const MAIN = join(__dirname, '..', 'main.ts');
const TIMEOUT_MS = 120_000;
const CHAINCODE = `
const { Contract } = require('fabric-contract-api');
class Prices extends Contract {
  async Put(ctx, value) {
    await ctx.stub.putPrivateData(ctx.stub.getMspID() + 'Prices', 'car', Buffer.from(value));
  }
  async WhosePeer(ctx) { return ctx.stub.getMspID(); }
  async WhoAsks(ctx) { return ctx.clientIdentity.getAttributeValue('hf.EnrollmentID'); }
}
exports.contracts = [Prices];`;
const ORGANIZATIONS = ['org1', 'org2'].map((name, index) => ({
  name,
  mspId: `Org${index + 1}MSP`,
  domain: `${name}.example.com`,
}));

let dir: string;
let network: ReturnType<typeof spawn>;
const ports = new Map<string, number>();

async function writeChaincode(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(modules, { recursive: true });
  const manifest = { main: 'index.js', dependencies: { 'fabric-shim': '2.5.8' } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'index.js'), CHAINCODE);
  for (const name of ['fabric-shim', 'fabric-contract-api']) {
    const found = createRequire(__filename).resolve(`${name}/package.json`);
    await symlink(await realpath(dirname(found)), join(modules, name));
  }
}

async function writeProject(): Promise<void> {
  await writeChaincode(join(dir, 'chaincode'));
  const organizations = ORGANIZATIONS.map(({ mspId, domain }) => ({ mspId, domain }));
  const definition = { organizations, chaincode: { name: 'prices' } };
  await writeFile(join(dir, 'network.json'), JSON.stringify(definition));
  const collections = ORGANIZATIONS.map(({ mspId }) => ({
    name: `${mspId}Prices`,
    policy: `OR('${mspId}.member')`,
    endorsementPolicy: { signaturePolicy: `OR('${mspId}.peer')` },
  }));
  await writeFile(join(dir, 'collections.json'), JSON.stringify(collections));
}

/** Everything that the command line of a project's developer says. */
function commandLine(): string[] {
  const options = {
    data: join(dir, 'data'),
    definition: join(dir, 'network.json'),
    'collections-config': join(dir, 'collections.json'),
    'chaincode-folder': join(dir, 'chaincode'),
    organizations: join(dir, 'organizations'),
  };
  return [
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...[...ports].flatMap(([name, port]) => ['--port', `${name}=${port}`]),
  ];
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'devnet-run-'));
  await writeProject();
  for (const { name } of ORGANIZATIONS) ports.set(name, await freePort());
  network = spawn(process.execPath, [MAIN, 'run', ...commandLine()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (network.stdout === null) throw new Error('no output');
  await once(network.stdout, 'data');
}, TIMEOUT_MS);

afterAll(async () => {
  if (network.exitCode === null) {
    network.kill('SIGTERM');
    await once(network, 'exit');
  }
  await rm(dir, { recursive: true });
});

/** A client that knows nothing but files where Fabric's test network has them too, and a port. */
async function client({ name, mspId, domain }: (typeof ORGANIZATIONS)[number], user: string) {
  const folder = join(dir, 'organizations', 'peerOrganizations', domain);
  const msp = join(folder, 'users', `${user}@${domain}`, 'msp');
  const peer = `peer0.${domain}`;
  const grpc = new Client(
    `localhost:${ports.get(name) ?? 0}`,
    credentials.createSsl(await readFile(join(folder, 'peers', peer, 'tls', 'ca.crt'))),
    { 'grpc.ssl_target_name_override': peer },
  );
  const gateway = connect({
    client: grpc,
    identity: { mspId, credentials: await readFile(join(msp, 'signcerts', 'cert.pem')) },
    signer: signers.newPrivateKeySigner(
      createPrivateKey(await readFile(join(msp, 'keystore', 'priv_sk'))),
    ),
    hash: hash.sha256,
  });
  const close = (): void => {
    gateway.close();
    grpc.close();
  };
  return { contract: gateway.getNetwork('mychannel').getContract('prices'), close };
}

test.each(ORGANIZATIONS)(
  "applications of $mspId find their organization's files, and its peer has a chaincode process of its own",
  async (organization) => {
    for (const user of ['User1', 'Admin']) {
      const { contract, close } = await client(organization, user);
      const answer = await contract.evaluateTransaction('WhosePeer');
      expect(Buffer.from(answer).toString()).toBe(organization.mspId);
      await contract.submit('Put', {
        arguments: ['7'],
        endorsingOrganizations: [organization.mspId],
      });
      close();
    }
  },
);

test('a contract knows a user by the name of enrolment, as with Fabric CA', async () => {
  const [first] = ORGANIZATIONS;
  if (first === undefined) throw new Error('no organization');
  const { contract, close } = await client(first, 'User1');
  const answer = await contract.evaluateTransaction('WhoAsks');
  close();
  expect(Buffer.from(answer).toString()).toBe('User1');
});

test("an organization's connection profile names its peer", async () => {
  const file = join(dir, 'organizations/peerOrganizations/org2.example.com/connection-org2.json');
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    client: { organization: 'org2' },
    organizations: { org2: { mspid: 'Org2MSP', peers: ['peer0.org2.example.com'] } },
    peers: { 'peer0.org2.example.com': { url: `grpcs://localhost:${ports.get('org2') ?? 0}` } },
  });
});

test.each([
  [['--port', 'org3=7051'], 'The organizations are org1, org2.'],
  [['--port', 'org1=70510'], '--port takes ORGANIZATION=PORT'],
  [['--chaincode', '127.0.0.1:1'], 'not both'],
  [['--collections-config', 'nowhere.json'], 'There is no file of collections "nowhere.json"'],
  [['--definition', 'default'], 'has its own collections'],
])('%j is refused with a reason', (more, reason) => {
  const args = [MAIN, 'run', ...commandLine(), '--data', join(dir, 'other'), ...more];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toContain(reason);
  expect(status).toBe(1);
});
