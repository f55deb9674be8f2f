import { createHash, X509Certificate } from 'node:crypto';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  type IoTClient,
  ListThingPrincipalsCommand,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { prefix } from '../lib/names.ts';

/** A certificate of AWS IoT. */
export interface ThingCertificate {
  readonly id: string;
  readonly arn: string;
  readonly pem: string;
  readonly status: string;
}

/** The devices of an environment as AWS IoT knows them. All methods throw what the SDK's client throws. */
export class Things {
  readonly #client: Pick<IoTClient, 'send'>;
  readonly #prefix: string;

  constructor(client: Pick<IoTClient, 'send'>, environment: Parameters<typeof prefix>[0]) {
    this.#client = client;
    this.#prefix = prefix(environment);
  }

  /** The thing, of the environment's type; made when there is none. */
  async ensureThing(deviceId: string): Promise<void> {
    const thingTypeName = `${this.#prefix}-wearable`;
    await this.#client.send(new CreateThingCommand({ thingName: deviceId, thingTypeName }));
  }

  /** Certificates that are attached to the thing; none when there is no thing. */
  async certificates(deviceId: string): Promise<ThingCertificate[]> {
    const arns = await this.#principals(deviceId);
    return Promise.all(
      arns.map(async (arn) => {
        const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
        const command = new DescribeCertificateCommand({ certificateId });
        const { certificateDescription: found } = await this.#client.send(command);
        const pem = found?.certificatePem ?? '';
        return { id: certificateId, arn, pem, status: found?.status ?? '' };
      }),
    );
  }

  /** A certificate for the request's key, which opens nothing yet. */
  async certify(certificateRequestPem: string): Promise<ThingCertificate> {
    const answer = await this.#client.send(
      new CreateCertificateFromCsrCommand({
        certificateSigningRequest: certificateRequestPem,
        setAsActive: false,
      }),
    );
    const { certificateId: id = '', certificateArn: arn = '', certificatePem: pem = '' } = answer;
    return { id, arn, pem, status: 'INACTIVE' };
  }

  /** Gives the certificate the rights of a device, and the thing the certificate, alone. */
  async attach(deviceId: string, { arn }: ThingCertificate): Promise<void> {
    const policyName = `${this.#prefix}-device`;
    await this.#client.send(new AttachPolicyCommand({ policyName, target: arn }));
    await this.#client.send(
      new AttachThingPrincipalCommand({
        thingName: deviceId,
        principal: arn,
        thingPrincipalType: 'EXCLUSIVE_THING',
      }),
    );
  }

  async setStatus({ id }: ThingCertificate, newStatus: 'ACTIVE' | 'REVOKED'): Promise<void> {
    await this.#client.send(new UpdateCertificateCommand({ certificateId: id, newStatus }));
  }

  async #principals(thingName: string): Promise<string[]> {
    const found: string[] = [];
    let nextToken: string | undefined;
    try {
      do {
        const page = nextToken === undefined ? {} : { nextToken };
        const answer = await this.#client.send(
          new ListThingPrincipalsCommand({ thingName, ...page }),
        );
        found.push(...(answer.principals ?? []));
        nextToken = answer.nextToken;
      } while (nextToken !== undefined);
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
    return found;
  }
}

/** Whether a certificate is for this public key (SubjectPublicKeyInfo). */
export function isFor({ pem }: ThingCertificate, publicKeySpki: Uint8Array): boolean {
  const own = new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' });
  return own.equals(publicKeySpki);
}

const ID_DIGITS = 32;

/** A device's id comes from its key, so that repeating an enrolment yields the same device. */
export function deviceIdOf(publicKeySpki: Uint8Array): string {
  return createHash('sha256').update(publicKeySpki).digest('hex').slice(0, ID_DIGITS);
}
