import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ResourceNotFoundException } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NETWORK } from '@pulseledger/network/definition';
import {
  type CertifiedKey,
  createAuthorities,
  issueDevice,
  readAuthority,
  requestedKey,
} from '@pulseledger/network/identity';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { type EnrolmentMeans, type EnrolmentRequest, enrol, revoke } from './enrolment.ts';
import { Register } from './register.ts';
import { deviceIdOf, Things } from './things.ts';

/** `openssl req -new` with a key that is nowhere any more. */
const REQUEST = `-----BEGIN CERTIFICATE REQUEST-----
MIHLMHMCAQAwETEPMA0GA1UEAwwGZGV2aWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEsyCMbv1Reng4iiqWslHPQu8gn0K2LlAFdmsl7j3kmv3+Z9Sxb5qa76sW
QtV6APHAjdazhN1lExR93eNADgdVM6AAMAoGCCqGSM49BAMCA0gAMEUCICxgpURZ
z9LrMgULf/CRt4G17Cn94OyFOUUk5YfFvLsdAiEAqSZmnmHccCjSvJedLngMLwar
Ex28ou08SOlExC0ZgYw=
-----END CERTIFICATE REQUEST-----
`;
const ARN = 'arn:aws:iot:eu-central-1:111111111111:cert/';

interface Certificate {
  readonly pem: string;
  status: string;
  readonly policies: string[];
}

/** AWS IoT's register behind the SDK's commands, by their names; it may fail once, after or before it has done its work. */
class MemoryIot {
  readonly things = new Map<string, { type: string; principals: string[] }>();
  readonly certificates = new Map<string, Certificate>();
  /** Calls until the failure; none when undefined. */
  failIn: number | undefined;
  calls = 0;
  readonly #authority: CertifiedKey;

  constructor(authority: CertifiedKey) {
    this.#authority = authority;
  }

  readonly send = async (command: { readonly input: object }): Promise<object> => {
    await Promise.resolve();
    this.calls += 1;
    const input = new Map<string, unknown>(Object.entries(command.input));
    const word = (name: string): string => String(input.get(name));
    const answer = this.#answer(command.constructor.name, word);
    if (this.failIn !== undefined && (this.failIn -= 1) === 0) throw new Error('The line is down.');
    return answer;
  };

  #answer(name: string, word: (name: string) => string): object {
    switch (name) {
      case 'CreateThingCommand':
        if (!this.things.has(word('thingName'))) {
          this.things.set(word('thingName'), { type: word('thingTypeName'), principals: [] });
        }
        return {};
      case 'ListThingPrincipalsCommand': {
        const thing = this.things.get(word('thingName'));
        if (thing !== undefined) return { principals: thing.principals };
        throw new ResourceNotFoundException({ message: 'none', $metadata: {} });
      }
      case 'DescribeCertificateCommand': {
        const { pem, status } = this.#certificate(word('certificateId'));
        return { certificateDescription: { certificatePem: pem, status } };
      }
      case 'CreateCertificateFromCsrCommand':
        return this.#issue(word('certificateSigningRequest'), word('setAsActive'));
      case 'AttachPolicyCommand':
        this.#certificate(word('target').slice(ARN.length)).policies.push(word('policyName'));
        return {};
      case 'AttachThingPrincipalCommand':
        this.#attach(word('thingName'), word('principal'));
        return {};
      case 'UpdateCertificateCommand':
        this.#certificate(word('certificateId')).status = word('newStatus');
        return {};
      default:
        throw new Error(`There is no ${name} here.`);
    }
  }

  #attach(thingName: string, principal: string): void {
    const { principals } = this.things.get(thingName)!;
    if (!principals.includes(principal)) principals.push(principal);
  }

  #certificate(id: string): Certificate {
    const found = this.certificates.get(id);
    if (found === undefined) throw new Error(`There is no certificate ${id}.`);
    return found;
  }

  #issue(request: string, isActive: string): object {
    const deviceId = '0'.repeat(32);
    const key = { certificateRequestPem: request };
    const pem = issueDevice({ issuer: this.#authority, deviceId, key });
    const id = createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
    const status = isActive === 'true' ? 'ACTIVE' : 'INACTIVE';
    this.certificates.set(id, { pem, status, policies: [] });
    return { certificateId: id, certificateArn: `${ARN}${id}`, certificatePem: pem };
  }
}

let folder: string;
let authority: CertifiedKey;
let request: EnrolmentRequest;
let deviceId: string;
let iot: MemoryIot;
/** What the API was asked. */
let asked: { method: string; url: string; token: string; body: unknown }[];
let answer: { status: number; body: object };
let api: Server;
let means: EnrolmentMeans;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulseledger-enrolment-'));
  await createAuthorities(folder, NETWORK);
  authority = await readAuthority(folder, 'hospital', 'device');
  request = {
    certificateRequestPem: REQUEST,
    device: { manufacturer: 'Acme', model: 'Band', serial: '42' },
    wearer: { patientId: 'a'.repeat(32), fromMs: 1_790_000_000_000, untilMs: null },
  };
  const publicKey = requestedKey(request.certificateRequestPem);
  deviceId = deviceIdOf(publicKey.export({ format: 'der', type: 'spki' }));
  api = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      const { method = '', url = '', headers } = incoming;
      const parsed: unknown = body === '' ? undefined : JSON.parse(body);
      asked.push({ method, url, token: headers.authorization ?? '', body: parsed });
      outgoing.statusCode = answer.status;
      outgoing.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  api.closeAllConnections();
  api.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  iot = new MemoryIot(authority);
  asked = [];
  answer = { status: 200, body: { status: 'changed' } };
  const address = api.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  means = {
    // The commands are the SDK's own; what answers them is not.
    things: new Things(iot, ENVIRONMENTS.dev),
    register: new Register(`http://127.0.0.1:${port}/api/`, 'the-token'),
    onStep: () => undefined,
  };
});

describe('enrolling a device', () => {
  test('makes thing and certificate, and tells the ledger as an administrator, before the door opens', async () => {
    const { deviceId: id, certificatePem } = await enrol(request, means);
    expect(id).toBe(deviceId);
    const [[certificateId, certificate] = ['', undefined]] = [...iot.certificates];
    expect(iot.things.get(id)).toEqual({
      type: 'pulseledger-dev-wearable',
      principals: [`${ARN}${certificateId}`],
    });
    expect(certificate).toMatchObject({
      pem: certificatePem,
      status: 'ACTIVE',
      policies: ['pulseledger-dev-device'],
    });
    const { wearer, device } = request;
    const spki = requestedKey(request.certificateRequestPem).export({
      format: 'der',
      type: 'spki',
    });
    const token = 'Bearer the-token';
    expect(asked).toEqual([
      {
        ...{ method: 'PUT', url: `/api/devices/${id}`, token },
        body: { ...device, publicKeySpkiBase64: spki.toString('base64') },
      },
      { method: 'PUT', url: `/api/devices/${id}/wearer`, token, body: wearer },
    ]);
  });

  test('goes on wherever it was cut off, and makes one certificate that opens the door', async () => {
    const whole = new MemoryIot(authority);
    await enrol(request, {
      ...means,
      things: new Things(whole, ENVIRONMENTS.dev),
    });
    for (let at = 1; at <= whole.calls; at += 1) {
      iot = new MemoryIot(authority);
      const things = new Things(iot, ENVIRONMENTS.dev);
      iot.failIn = at;
      await expect(enrol(request, { ...means, things })).rejects.toThrow('The line is down.');
      const { certificatePem } = await enrol(request, { ...means, things });
      const active = [...iot.certificates.values()].filter(({ status }) => status === 'ACTIVE');
      expect(active.map(({ pem }) => pem)).toEqual([certificatePem]);
      expect(iot.things.get(deviceId)?.principals).toHaveLength(1);
    }
  });

  test('leaves the door closed when the ledger does not take the device', async () => {
    answer = { status: 403, body: { code: 'access_denied', detail: 'not an administrator' } };
    await expect(enrol(request, means)).rejects.toThrow('403 access_denied');
    expect([...iot.certificates.values()].map(({ status }) => status)).toEqual(['INACTIVE']);
    answer = { status: 200, body: { status: 'changed' } };
    await enrol(request, means);
    expect([...iot.certificates.values()].map(({ status }) => status)).toEqual(['ACTIVE']);
  });

  test('is refused without a request that its key has signed', async () => {
    const certificateRequestPem = authority.certificatePem;
    await expect(enrol({ ...request, certificateRequestPem }, means)).rejects.toThrow(
      'openssl req',
    );
    expect(iot.calls).toBe(0);
  });
});

describe('revoking a device', () => {
  test('closes the door and tells the ledger, as often as it is told', async () => {
    await enrol(request, means);
    asked = [];
    expect(await revoke(deviceId, means)).toBe(1);
    expect(await revoke(deviceId, means)).toBe(1);
    expect([...iot.certificates.values()].map(({ status }) => status)).toEqual(['REVOKED']);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(2).fill(`POST /api/devices/${deviceId}/revoke`),
    );
    await expect(enrol(request, means)).rejects.toThrow('was revoked');
  });

  test('closes the door also when the ledger is away, and is done by the same command later', async () => {
    await enrol(request, means);
    answer = { status: 503, body: { code: 'unavailable', detail: 'the ledger does not answer' } };
    await expect(revoke(deviceId, means)).rejects.toThrow('503 unavailable');
    expect([...iot.certificates.values()].map(({ status }) => status)).toEqual(['REVOKED']);
  });

  test('of which AWS knows nothing is told to the ledger', async () => {
    expect(await revoke('b'.repeat(32), means)).toBe(0);
    expect(asked).toHaveLength(1);
  });
});
