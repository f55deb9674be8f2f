/**
 * The external builder of chaincode as a service: three scripts that the peer calls
 * (https://hyperledger-fabric.readthedocs.io/en/release-2.5/cc_launcher.html). Nothing is built; the package's
 * connection.json, which says where the chaincode listens, is handed on to the peer.
 */
export const BUILDER_SCRIPTS: Readonly<Record<'detect' | 'build' | 'release', string>> = {
  detect: `#!/bin/sh
# Arguments: chaincode source, package metadata. Exit 0: this builder takes the package.
grep -q '"type": *"ccaas"' "$2/metadata.json"
`,
  build: `#!/bin/sh
# Arguments: chaincode source, package metadata, build output.
set -e
cp "$1/connection.json" "$3/connection.json"
`,
  release: `#!/bin/sh
# Arguments: build output, release output.
set -e
mkdir -p "$2/chaincode/server"
cp "$1/connection.json" "$2/chaincode/server/connection.json"
`,
};
