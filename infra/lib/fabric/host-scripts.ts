/** Paths on a machine of the network, and the scripts that fill them. */
export const NODE_ENVIRONMENT = '/etc/pulse/node.env';
/** A link to the unpacked asset in use. */
export const CURRENT = '/opt/pulse/current';
/** A link to the unpacked programs in use: bin/{peer,orderer,node}, chaincode/, node_modules/. */
export const PROGRAMS = '/opt/pulse/programs/current';
/** In memory: /run is a tmpfs. */
export const KEYS_FOLDER = '/run/pulse/keys';
/** The node's own volume. */
export const LEDGER_MOUNT = '/var/lib/pulse';
export const LEDGER: string = `${LEDGER_MOUNT}/ledger`;
/** Name under which the volume is attached; Amazon Linux links it to its NVMe name. */
export const VOLUME_DEVICE = '/dev/sdf';
const VOLUME_LABEL = 'pulse';

/** Run at the first start and whenever a machine is to be brought up to date. */
export const FETCH_SCRIPT: string = `#!/bin/bash
# Fetches what this machine's node is made of, checks it against the hash in the parameter, installs it.
set -euo pipefail
# The node's own user reads all of it, whatever the caller's mask is.
umask 022
set -a
# shellcheck source=/dev/null
. ${NODE_ENVIRONMENT}
set +a
asset=$(aws ssm get-parameter --name "$PULSE_ASSET_PARAMETER" --query Parameter.Value --output text)
read -r url sum <<< "$asset"
folder=/opt/pulse/assets/$sum
if [ ! -d "$folder" ]; then
  mkdir -p /opt/pulse/assets
  work=$(mktemp -d /opt/pulse/assets/.new.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  aws s3 cp --only-show-errors "$url" "$work/asset.zip"
  python3 -m zipfile -e "$work/asset.zip" "$work/files"
  echo "$sum  $work/files/SHA256SUMS" | sha256sum --check --quiet
  (cd "$work/files" && sha256sum --check --quiet --strict SHA256SUMS)
  chmod -R go-w,a+rX "$work/files"
  mv "$work/files" "$folder"
fi
bash "$folder/install.sh" "$folder"
`;

export const INSTALL_SCRIPT: string = `#!/bin/bash
# Argument: the unpacked asset. Can be run again at any time; what is stored stays.
set -euo pipefail
umask 022
folder=$1

id pulse > /dev/null 2>&1 || useradd --system --home-dir ${LEDGER_MOUNT} --no-create-home --shell /sbin/nologin pulse

for _ in $(seq 60); do
  [ -b ${VOLUME_DEVICE} ] && break
  sleep 5
done
[ -b ${VOLUME_DEVICE} ] || { echo 'the volume of the ledger is not attached' >&2; exit 1; }
# A volume with anything on it is never formatted.
if ! blkid --probe ${VOLUME_DEVICE} > /dev/null; then
  mkfs.xfs -q -L ${VOLUME_LABEL} ${VOLUME_DEVICE}
fi
grep -q '^LABEL=${VOLUME_LABEL} ' /etc/fstab ||
  echo 'LABEL=${VOLUME_LABEL} ${LEDGER_MOUNT} xfs noatime,nofail,x-systemd.device-timeout=60s 0 2' >> /etc/fstab
mkdir -p ${LEDGER_MOUNT}
mountpoint -q ${LEDGER_MOUNT} || mount ${LEDGER_MOUNT}
install -d -o pulse -g pulse -m 0700 ${LEDGER} "${LEDGER}/$PULSE_HOST"

programs=$(aws ssm get-parameter --name "$PULSE_PROGRAMS_PARAMETER" --query Parameter.Value --output text)
read -r url sum <<< "$programs"
place=/opt/pulse/programs/$sum
if [ ! -d "$place" ]; then
  mkdir -p /opt/pulse/programs
  work=$(mktemp -d /opt/pulse/programs/.new.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  aws s3 cp --only-show-errors "$url" "$work/programs.tar.gz"
  echo "$sum  $work/programs.tar.gz" | sha256sum --check --quiet
  mkdir "$work/files"
  tar --extract --gzip --no-same-owner --file "$work/programs.tar.gz" --directory "$work/files"
  chmod -R go-w,a+rX "$work/files"
  mv "$work/files" "$place"
fi

chmod 0755 "$folder"/config/ccaas/bin/*
ln -sfn "$place" ${PROGRAMS}
ln -sfn "$folder" ${CURRENT}
install -m 0644 "$folder"/units/pulse-* /etc/systemd/system/

# Amazon Linux keeps its packages in S3, which has an endpoint here.
rpm -q amazon-cloudwatch-agent > /dev/null || dnf install -y -q amazon-cloudwatch-agent
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c "file:$folder/config/$PULSE_HOST/agent.json"

systemctl daemon-reload
case $PULSE_KIND in
  peer) wanted=(pulse-chaincode pulse-peer) ;;
  orderer) wanted=(pulse-orderer) ;;
  *) echo 'PULSE_KIND is peer or orderer' >&2; exit 1 ;;
esac
systemctl enable pulse-keys "\${wanted[@]}"
systemctl restart pulse-keys
systemctl restart "\${wanted[@]}"
systemctl enable --now pulse-certificates.timer
`;

export const KEYS_SCRIPT: string = `#!/bin/bash
# The secret goes through a pipe: neither a disk nor a list of processes ever shows it.
set -euo pipefail
aws secretsmanager get-secret-value --secret-id "$PULSE_SECRET" --query SecretString --output text |
  python3 ${CURRENT}/bin/write-keys.py ${KEYS_FOLDER}
chown -R pulse:pulse ${KEYS_FOLDER}
`;

/** Takes {"files": {"<path below the folder of keys>": "<text>"}}. */
export const WRITE_KEYS = `"""Writes the files of a secret, given as JSON, below a folder that only its owner reads."""
import json
import os
import pathlib
import sys

os.umask(0o077)
root = pathlib.Path(sys.argv[1])
try:
    files = json.load(sys.stdin)["files"]
except (ValueError, KeyError, TypeError):
    # Without the text: it is the secret.
    sys.exit("the secret holds no keys; the network has to be provisioned first")
for name in files:
    parts = pathlib.PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        sys.exit("a path of the secret leaves the folder of keys")
for name, text in files.items():
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(target)
`;
