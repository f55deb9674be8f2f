import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Command } from 'commander';
import { type CommonOptions, withSystem } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT, Failure } from '../base/failure.ts';
import { print, printJson, table } from '../base/output.ts';
import { readSystem } from '../system/system-file.ts';

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
    .description('the certificates of organizations, nodes and services');
  const list = command.command('list').description('who there is, and for how long');
  withExamples(withSystem(list), ['identities list', 'identities list --json']).action(identities);
}

async function identities({ system: file, json }: CommonOptions): Promise<void> {
  const { dataFolder } = await readSystem(file);
  const found = await identitiesIn(join(dataFolder, 'keys'));
  if (json) {
    printJson({ identities: found });
    return;
  }
  const rows = found.map(({ name, subject, notAfter, daysLeft }) => [
    name,
    subject,
    notAfter,
    String(daysLeft),
  ]);
  print(table(['identity', 'subject', 'valid until', 'days left'], rows));
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
