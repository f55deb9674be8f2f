/** A third party's opinion of our FHIR: HL7's own validator in a Java process, fetched once, then offline. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const JAVA = 'java';
const MAVEN = 'mvn';
const FETCH_TIMEOUT_MS = 180_000;
const JUDGE_TIMEOUT_MS = 240_000;
/** One short run: the quick compiler alone is twice as fast as both. */
const JVM = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-Xmx1g'];

export interface Verdict {
  readonly severity: string;
  readonly place: string;
  readonly text: string;
}

export type Judge =
  | { readonly isReady: true; readonly jars: string }
  | { readonly isReady: false; readonly reason: string };

const here: string = join(process.cwd(), 'test', 'fhir-judge');

/** Makes the judge ready; the first time its jars are fetched by Maven, which takes half a minute. */
export function prepareJudge(): Judge {
  // The single source file is compiled as it is run, which takes a JDK.
  const java = spawnSync(JAVA, ['--list-modules'], { encoding: 'utf8' });
  if (java.status !== 0 || !java.stdout.includes('jdk.compiler@')) {
    return { isReady: false, reason: 'there is no JDK on the PATH' };
  }
  const pom = join(here, 'pom.xml');
  const version = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  const jars = join(process.cwd(), '.cache', 'fhir-judge', version);
  if (existsSync(join(jars, 'complete'))) return { isReady: true, jars };
  return fetchJars(pom, jars);
}

function fetchJars(pom: string, jars: string): Judge {
  rmSync(jars, { recursive: true, force: true });
  mkdirSync(jars, { recursive: true });
  const repository = `${jars}-repository`;
  const maven = spawnSync(
    MAVEN,
    [
      ...['--quiet', '--batch-mode', '--file', pom, 'dependency:copy-dependencies'],
      `-DoutputDirectory=${jars}`,
      `-Dmaven.repo.local=${repository}`,
    ],
    { encoding: 'utf8', timeout: FETCH_TIMEOUT_MS },
  );
  rmSync(repository, { recursive: true, force: true });
  if (maven.error !== undefined && 'code' in maven.error && maven.error.code === 'ENOENT') {
    return { isReady: false, reason: 'Maven is not on the PATH' };
  }
  if (maven.status !== 0) {
    return { isReady: false, reason: 'Maven could not fetch the validator' };
  }
  writeFileSync(join(jars, 'complete'), '');
  return { isReady: true, jars };
}

/** What the validator says of each resource, in their order. @throws Error when it does not come to an end */
export async function judge(jars: string, resources: readonly unknown[]): Promise<Verdict[][]> {
  const lines = await runJava(jars, resources);
  const verdicts = resources.map((): Verdict[] => []);
  for (const line of lines) {
    const [number = '', severity = '', place = '', text = ''] = line.split('\t');
    if (number === 'judged' && Number(severity) === resources.length) return verdicts;
    verdicts[Number(number)]?.push({ severity, place, text });
  }
  throw new Error('the validator did not judge every resource');
}

function runJava(jars: string, resources: readonly unknown[]): Promise<string[]> {
  const java = spawn(JAVA, [...JVM, '-cp', join(jars, '*'), join(here, 'Judge.java')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: JUDGE_TIMEOUT_MS,
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  java.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  java.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  java.stdin.end(resources.map((resource) => `${JSON.stringify(resource)}\n`).join(''));
  return new Promise((resolve, reject) => {
    java.on('error', reject);
    java.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString('utf8').split('\n'));
      else
        reject(new Error(`java ended with ${String(code)}: ${Buffer.concat(errors).toString()}`));
    });
  });
}
