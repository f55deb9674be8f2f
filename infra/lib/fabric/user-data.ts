import type { Environment } from '../../environments/environment.ts';
import { secretPrefix } from '../names.ts';
import { CURRENT, FETCH_SCRIPT, NODE_ENVIRONMENT } from './host-scripts.ts';
import type { FabricNode } from './nodes.ts';

/** Names of the parameters that say which asset and which programs a machine shall have: `<s3 url> <sha256>`. */
export interface NodeParameters {
  readonly asset: string;
  readonly programs: string;
}

/** What EC2 takes as user data, bytes. */
export const MAX_USER_DATA_BYTES = 16_384;

/**
 * What a machine runs at its first start. It names parameters, not versions: it stays the same when those change, and
 * so no machine is replaced or stopped for it.
 */
export function userData(
  environment: Environment,
  node: FabricNode,
  parameters: NodeParameters,
): string {
  return `#!/bin/bash
set -euo pipefail
install -d -m 0755 /etc/pulse
cat > ${NODE_ENVIRONMENT} <<'END'
PULSE_HOST=${node.host}
PULSE_KIND=${node.kind}
PULSE_SECRET=${secretPrefix(environment)}/${node.secretName}
PULSE_ASSET_PARAMETER=${parameters.asset}
PULSE_PROGRAMS_PARAMETER=${parameters.programs}
FABRIC_CFG_PATH=${CURRENT}/config/${node.host}
AWS_DEFAULT_REGION=${environment.region}
END
hostnamectl set-hostname ${node.host}
cat > /usr/local/sbin/pulse-fetch <<'END'
${FETCH_SCRIPT}END
chmod 0755 /usr/local/sbin/pulse-fetch
/usr/local/sbin/pulse-fetch
`;
}
