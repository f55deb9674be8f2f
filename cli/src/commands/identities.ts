import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Command } from 'commander';
import { type CommonOptions, withSystem } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT, Failure } from '../base/failure.ts';
import { print, printJson, table } from '../base/output.ts';
import { SigningIdentities, type SigningIdentity } from '../identities/signing-identities.ts';
import { type IdentitiesAccess, readSystem } from '../system/system-file.ts';

const MS_PER_DAY = 86_400_000;

/** A certificate of the installation, without its key. */
interface Identity {
  /** `hospital/peers/peer0/tls` */
  readonly name: string;
  readonly subject: string;
  readonly notAfter: string;
  readonly daysLeft: number;
}

export function addIdentities(program: Command): void {
  const command = program
    .command('identities')
    .description('certificates of organizations, nodes and services; new ones for services');
  const list = command.command('list').description('all certificates, and how long they are valid');
  withExamples(withSystem(list), ['identities list', 'identities list --json']).action(identities);
  const rotate = command
    .command('rotate')
    .description('give a signing service a new key and a new certificate')
    .argument('<service>', 'such as ingest/hospital; "npx pulse identities list" shows them')
    .addHelpText('after', ROTATE_HELP);
  withExamples(withSystem(rotate), [
    'identities rotate api/insurer',
    'identities rotate ingest/clinic --json',
  ]).action(rotateOne);
}

const ROTATE_HELP = `
Four steps, as on AWS: a new key and a certificate from the issuing authority, a look at it, a question to the
ledger in its name, and only then the service is given it. Transactions under way are not disturbed: the former
certificate is accepted until it ends. What fails leaves everything as it was.`;

async function rotateOne(service: string, { system: file, json }: CommonOptions): Promise<void> {
  const { identities: access } = await readSystem(file);
  if (!access.services.includes(service)) {
    throw new Failure(EXIT.usage, {
      what: 'There is no such service to rotate.',
      why: `"${service}" is not the name of a service that signs.`,
      remedy: `Take one of ${access.services.join(', ')}.`,
    });
  }
  const signing = await withSigning(access, (all) => all.rotate(service));
  if (json) printJson({ signing });
  else print(signingTable(signing));
}

async function withSigning<T>(
  access: IdentitiesAccess,
  use: (all: SigningIdentities) => Promise<T>,
): Promise<T> {
  const all = new SigningIdentities(access);
  try {
    return await use(all);
  } finally {
    all.close();
  }
}

function signingTable(signing: readonly SigningIdentity[]): string {
  const rows = signing.map(({ service, label, certificate, notAfter }) => [
    service,
    label === 'AWSCURRENT' ? 'signs with' : 'signed with, accepted still',
    certificate,
    notAfter.slice(0, 10),
  ]);
  return table(['service', '', 'certificate', 'valid until'], rows);
}

async function identities({ system: file, json }: CommonOptions): Promise<void> {
  const { dataFolder, identities: access } = await readSystem(file);
  const found = await identitiesIn(join(dataFolder, 'keys'));
  const signing = await withSigning(access, (all) => all.all());
  if (json) {
    printJson({ identities: found, signing });
    return;
  }
  const rows = found.map(({ name, subject, notAfter, daysLeft }) => [
    name,
    subject,
    notAfter,
    String(daysLeft),
  ]);
  print(table(['identity', 'subject', 'valid until', 'days left'], rows));
  print(`\n${signingTable(signing)}`);
}

/** Copies of authorities inside MSP folders are left out. */
async function identitiesIn(keys: string): Promise<Identity[]> {
  const files = await readdir(keys, { recursive: true }).catch((error: unknown) => {
    const text = {
      what: 'The identities cannot be read.',
      why: `${keys} is not a readable folder.`,
      remedy: 'Run this on the machine of the system, as the user who started it.',
    };
    throw new Failure(EXIT.failed, text, error);
  });
  const certificates = files.filter((file) => file.endsWith(`${sep}certificate.pem`)).sort();
  return Promise.all(
    certificates.map(async (file) => {
      const { subject, validTo } = new X509Certificate(await readFile(join(keys, file)));
      const notAfter = new Date(validTo);
      return {
        name: relative('.', dirname(file)).split(sep).join('/').replace('/msp/signcerts', ''),
        subject: subject.split('\n').join(', '),
        notAfter: notAfter.toISOString().slice(0, 10),
        daysLeft: Math.floor((notAfter.getTime() - Date.now()) / MS_PER_DAY),
      };
    }),
  );
}
