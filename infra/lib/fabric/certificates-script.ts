import { NODE_METRICS } from './agent.ts';
import { KEYS_FOLDER } from './host-scripts.ts';

/**
 * Tells CloudWatch how many days are left until the first certificate of a machine ends: the node's own, and those of
 * the authorities that it trusts. Fabric does not measure this; it only warns in its log in the last week.
 *
 * @param namespace of CloudWatch
 */
export function certificatesScript(namespace: string): string {
  return `#!/bin/bash
# Argument: the folder of keys, if it is another one. Only days and the machine's name leave it.
set -euo pipefail
folder=\${1:-${KEYS_FOLDER}}
now=$(date +%s)
least=
while IFS= read -r file; do
  end=$(openssl x509 -noout -enddate -in "$file")
  left=$((($(date -d "\${end#notAfter=}" +%s) - now) / 86400))
  if [ -z "$least" ] || [ "$left" -lt "$least" ]; then least=$left; fi
done < <(grep -rl -e '-----BEGIN CERTIFICATE-----' "$folder")
[ -n "$least" ] || { echo 'there is no certificate; the network has to be provisioned first' >&2; exit 1; }
aws cloudwatch put-metric-data --namespace ${namespace} --metric-data \\
  "MetricName=${NODE_METRICS.certificateDaysLeft},Unit=Count,Value=$least" \\
  "MetricName=${NODE_METRICS.certificateDaysLeft},Unit=Count,Value=$least,Dimensions=[{Name=host,Value=$PULSE_HOST}]"
`;
}
