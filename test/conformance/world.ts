import type { Status, Transaction } from '@hyperledger/fabric-gateway';
import { type Json, type Names, normalise } from './answers.ts';
import type { Step } from './chaincode/operations.ts';
import { existing, issue, type OddCertificate } from './identities.ts';
import { mspId, type Outcome, Person, type Request } from './person.ts';
import type { NetworkKind, StartedNetwork } from './start-network.ts';

export const ORGANIZATIONS = ['hospital', 'clinic', 'insurer'] as const;
export type Organization = (typeof ORGANIZATIONS)[number];

type CertifiedKey = Awaited<ReturnType<typeof issue>>;

/** Who asks: a user of an organization, at its own gateway or another's. */
export interface Who {
  readonly of: Organization;
  readonly at?: Organization;
  readonly odd?: OddCertificate;
  readonly node?: 'administrator' | 'peer' | 'orderer';
  /** What is claimed beside the certificate. */
  readonly mspId?: string;
  /** A certificate that is none. */
  readonly certificatePem?: string;
  /** Signs with a key of somebody else. */
  readonly wrongKey?: boolean;
}

/** Connections and identities that all rows share. */
export class Connections {
  readonly network: StartedNetwork;
  readonly #users = new Map<string, Promise<CertifiedKey>>();
  readonly #open = new Set<Person>();

  constructor(network: StartedNetwork) {
    this.network = network;
  }

  user(organization: Organization): Promise<CertifiedKey> {
    const known = this.#users.get(organization);
    if (known !== undefined) return known;
    const user = issue(this.network.keysDir, organization);
    this.#users.set(organization, user);
    return user;
  }

  add(person: Person): Person {
    this.#open.add(person);
    return person;
  }

  close(person: Person): void {
    this.#open.delete(person);
    person.close();
  }

  closeAll(): void {
    for (const person of this.#open) person.close();
  }

  get addresses(): ReadonlyMap<string, string> {
    return new Map(
      Object.entries(this.network.profile.organizations).map(([name, place]) => [
        place.endpoint,
        `<${name}'s peer>`,
      ]),
    );
  }
}

/** What one row works with. `@` in the scripts of a row stands for a prefix of its own. */
export class World {
  readonly prefix: string;
  readonly #connections: Connections;
  readonly #transactions: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #closing: (() => Promise<void>)[] = [];
  readonly #people = new Map<string, Promise<Person>>();

  constructor(connections: Connections, id: string) {
    this.#connections = connections;
    this.prefix = `${id.replaceAll(/[^a-z0-9]+/g, '-')}:`;
  }

  get kind(): NetworkKind {
    return this.#connections.network.kind;
  }

  get keysDir(): string {
    return this.#connections.network.keysDir;
  }

  /** A key of this row. */
  key(name: string): string {
    return `${this.prefix}${name}`;
  }

  /** The organization's user, or somebody stranger. */
  async person(who: Organization | Who): Promise<Person> {
    const wanted: Who = typeof who === 'string' ? { of: who } : who;
    const id = JSON.stringify(wanted);
    const known = this.#people.get(id);
    if (known !== undefined) return known;
    const person = this.#make(wanted);
    this.#people.set(id, person);
    return person;
  }

  async #make(who: Who): Promise<Person> {
    const identity = await this.#identity(who);
    return this.#connections.add(
      new Person({
        profile: this.#connections.network.profile,
        at: who.at ?? who.of,
        identity: { ...identity, certificatePem: who.certificatePem ?? identity.certificatePem },
        mspId: who.mspId ?? mspId(who.of),
        signingKey:
          who.wrongKey === true ? (await issue(this.keysDir, who.of)).privateKeyPem : undefined,
        onTransaction: (transaction) => {
          this.#transactions.push(transaction);
        },
      }),
    );
  }

  async #identity(who: Who): Promise<CertifiedKey> {
    if (who.odd !== undefined) return issue(this.keysDir, who.of, who.odd);
    if (who.node !== undefined) return existing(this.keysDir, who.of, who.node);
    return this.#connections.user(who.of);
  }

  /** `@` in texts of a script becomes the row's prefix. */
  own(script: readonly Step[]): Step[] {
    const text = JSON.stringify(script).replaceAll('@', this.prefix);
    return JSON.parse(text) as Step[];
  }

  request(request: Request): Request {
    return request.script === undefined
      ? request
      : { ...request, script: this.own(request.script) };
  }

  async evaluate(who: Organization | Who, request: Request): Promise<Outcome> {
    return (await this.person(who)).evaluate(this.request(request));
  }

  async submit(who: Organization | Who, request: Request): Promise<Outcome> {
    const settle = (id: string): Promise<void> => this.settle(id);
    return (await this.person(who)).submit(this.request(request), settle);
  }

  /** Waits until every organization's peer has committed a transaction. */
  async settle(transactionId: string): Promise<void> {
    await Promise.all(
      ORGANIZATIONS.map(async (at) => {
        const person = await this.person({ of: 'hospital', at });
        await person.commitOf(transactionId).getStatus();
      }),
    );
  }

  /** Submits what is endorsed and waits for every peer. */
  async commit(transaction: Transaction): Promise<Status> {
    const commit = await transaction.submit();
    await this.settle(commit.getTransactionId());
    return commit.getStatus();
  }

  /** Submits what must succeed. */
  async given(script: readonly Step[], more: Omit<Request, 'script'> = {}): Promise<void> {
    const outcome = await this.submit('hospital', { ...more, script });
    if (!('result' in outcome) || !Array.isArray(outcome.result)) {
      throw new Error(`What is given was not committed: ${JSON.stringify(outcome)}`);
    }
  }

  /** The answer of each organization's own peer to its own user. */
  async everywhere(script: readonly Step[]): Promise<Record<Organization, Outcome>> {
    const [hospital, clinic, insurer] = await Promise.all(
      ORGANIZATIONS.map((name) => this.evaluate(name, { script, by: [name] })),
    );
    return { hospital, clinic, insurer } as Record<Organization, Outcome>;
  }

  /** A transaction id that this row has made outside of a proposal. */
  know(transaction: string): void {
    this.#transactions.push(transaction);
  }

  /** What a text that is different in every run is called in the answer. */
  name(text: string, called: string): void {
    this.#names.set(text, called);
  }

  /** Does something when the row is over. */
  onClose(work: () => Promise<void>): void {
    this.#closing.push(work);
  }

  answer(value: unknown): Json {
    const names: Names = {
      addresses: new Map([...this.#connections.addresses, ...this.#names]),
      transactions: this.#transactions,
      prefix: this.prefix,
    };
    return normalise(value, names);
  }

  async close(): Promise<void> {
    for (const work of this.#closing) await work();
    for (const person of this.#people.values()) this.#connections.close(await person);
  }
}
