import { CURRENT, KEYS_FOLDER, NODE_ENVIRONMENT, PROGRAMS } from '../lib/fabric/host-scripts.ts';
import type { FabricNode } from '../lib/fabric/nodes.ts';
import { PORTS } from '../lib/fabric/ports.ts';

/** In memory, like everything below /run, and for root alone. */
export const WORK = '/run/pulse-provision';

const HEAD = `set -euo pipefail
umask 077
set -a
# shellcheck source=/dev/null
. ${NODE_ENVIRONMENT}
set +a
mkdir -p ${WORK}/work`;

/** How long a node that was started may take to listen, seconds: an orderer reads its log first. */
const LISTEN_SECONDS = 120;

const UNITS: Readonly<Record<FabricNode['kind'], string>> = {
  peer: 'pulse-keys pulse-chaincode pulse-peer',
  orderer: 'pulse-keys pulse-orderer',
};

/** A word of bash that stands for exactly this text. */
export function quote(text: string): string {
  return /^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Brings a machine up to date, unless it is: what parameters name is installed, the keys are those of the secret, and
 * the node runs.
 */
export function bringUp({ kind }: Pick<FabricNode, 'kind'>): string {
  return `${HEAD}
exec 9> ${WORK}/lock
flock 9
sum() {
  aws ssm get-parameter --name "$1" --query Parameter.Value --output text | cut -d ' ' -f 2
}
is_current() {
  [ "$(readlink ${CURRENT})" = "/opt/pulse/assets/$(sum "$PULSE_ASSET_PARAMETER")" ] || return 1
  [ "$(readlink ${PROGRAMS})" = "/opt/pulse/programs/$(sum "$PULSE_PROGRAMS_PARAMETER")" ] || return 1
  rm -rf ${WORK}/check
  aws secretsmanager get-secret-value --secret-id "$PULSE_SECRET" --query SecretString --output text |
    python3 ${CURRENT}/bin/write-keys.py ${WORK}/check || return 1
  diff -r ${WORK}/check ${KEYS_FOLDER} > /dev/null || return 1
  for unit in ${UNITS[kind]}; do
    systemctl is-active --quiet "$unit" || return 1
  done
}
trap 'rm -rf ${WORK}/check' EXIT
if is_current; then
  echo current
else
  /usr/local/sbin/pulse-fetch > /dev/null
  echo brought up to date
fi
for _ in $(seq ${LISTEN_SECONDS}); do
  (exec 3<> "/dev/tcp/127.0.0.1/${PORTS[kind]}") 2> /dev/null && exit 0
  sleep 1
done
echo 'the node does not listen; see its log' >&2
exit 1
`;
}

/** A program beside a node, with the administrator's keys for so long. */
export function asAdministrator(options: {
  readonly secret: string;
  /** What has to be there: path to `<url> <hash>`. */
  readonly files: Readonly<Record<string, { readonly url: string; readonly hash: string }>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /**
   * Below the secret's files: what a transaction is given beside its arguments. It is in memory on the machine, and
   * neither in the script, which Systems Manager keeps, nor in a log.
   *
   * @default - the command gives nothing
   */
  readonly transientFile?: string;
}): string {
  const { secret, files, environment, command, transientFile } = options;
  const fetched = Object.entries(files).map(
    ([path, { url, hash }]) => `fetch ${quote(path)} ${quote(url)} ${hash}`,
  );
  const given =
    transientFile === undefined
      ? ''
      : ` --transient "$(cat ${quote(`${WORK}/keys/${transientFile}`)})"`;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`);
  return `${HEAD}
exec 9> ${WORK}/lock
flock 9
trap 'rm -rf ${WORK}/keys' EXIT
fetch() {
  echo "$3  $1" | sha256sum --check --status 2> /dev/null && return
  mkdir -p "$(dirname "$1")"
  aws s3 cp --only-show-errors "$2" "$1"
  echo "$3  $1" | sha256sum --check --quiet
}
# The machine may read what the secret holds now, and no former value.
aws secretsmanager get-secret-value --secret-id ${quote(secret)} --version-stage AWSCURRENT --query SecretString --output text |
  python3 ${CURRENT}/bin/write-keys.py ${WORK}/keys
${fetched.join('\n')}
env ${[...variables, ...command.map(quote)].join(' ')}${given}
`;
}

/** Whether something listens there: prints yes or no. */
export function listens(address: { readonly host: string; readonly port: number }): string {
  const target = quote(`/dev/tcp/${address.host}/${address.port}`);
  return `timeout 5 bash -c 'exec 3<> "$1"' - ${target} 2> /dev/null && echo yes || echo no
`;
}

/** Prints how long a file is in the form in which {@link slice} reads it. */
export function prepareReading(file: string): string {
  return `${HEAD}
gzip -c ${quote(file)} | base64 -w 0 > ${WORK}/work/outgoing
stat -c %s ${WORK}/work/outgoing
`;
}

/** A part of what {@link prepareReading} made. */
export function slice(from: number, characters: number): string {
  return `tail -c +${from + 1} ${WORK}/work/outgoing | head -c ${characters}
`;
}

/** Fetches a file that is made elsewhere. */
export function place(
  file: string,
  object: { readonly url: string; readonly hash: string },
): string {
  return `${HEAD}
aws s3 cp --only-show-errors ${quote(object.url)} ${quote(file)}
echo ${quote(`${object.hash}  ${file}`)} | sha256sum --check --quiet
`;
}

/** Prints how many other peers of the channel the peer knows of. */
export function knownPeers(channel: string): string {
  const line = `^gossip_membership_total_peers_known\\{channel="${channel}"\\}`;
  return `curl --silent --fail --max-time 10 http://127.0.0.1:${PORTS.operations}/metrics |
  { grep -E ${quote(line)} || echo none 0; } | cut -d ' ' -f 2
`;
}

/** Prints yes when the orderer leads the others. */
export const LEADS: string = `curl --silent --fail --max-time 10 http://127.0.0.1:${PORTS.operations}/metrics |
  grep -Eq '^consensus_(etcdraft|BFT)_is_leader\\{.*\\} 1$' && echo yes || echo no
`;
