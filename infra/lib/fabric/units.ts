import { CURRENT, LEDGER_MOUNT, NODE_ENVIRONMENT, PROGRAMS } from './host-scripts.ts';
import { PORTS } from './ports.ts';

/** A process that has nothing to do with AWS never gets the machine's credentials. */
const NO_METADATA = 'IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128';

/** Without a core dump: it would hold the node's private key. */
const HARDENED = `User=pulse
Group=pulse
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
UMask=0077
LogsDirectory=pulse
LogsDirectoryMode=0750
Restart=always
RestartSec=2
LimitNOFILE=65536
LimitCORE=0`;

const KEYS = `[Unit]
Description=Keys of this node, from Secrets Manager into memory
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
EnvironmentFile=${NODE_ENVIRONMENT}
RuntimeDirectory=pulse
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
ExecStart=/bin/bash ${CURRENT}/bin/pulse-keys
TimeoutStartSec=120

[Install]
WantedBy=multi-user.target
`;

/** Root reads the keys' folder, and alone has the machine's credentials: hence not as the node's user. */
const CERTIFICATES = `[Unit]
Description=Tells how long the certificates of this node are still valid
After=pulse-keys.service network-online.target

[Service]
Type=oneshot
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
EnvironmentFile=${NODE_ENVIRONMENT}
ExecStart=/bin/bash ${CURRENT}/bin/pulse-certificates
TimeoutStartSec=120
`;

const CERTIFICATES_TIMER = `[Unit]
Description=Hourly look at the certificates of this node

[Timer]
OnActiveSec=1min
OnUnitActiveSec=1h

[Install]
WantedBy=timers.target
`;

function node(description: string, command: string, log: string, after: string): string {
  return `[Unit]
Description=${description}
Requires=pulse-keys.service
After=pulse-keys.service network-online.target${after}
RequiresMountsFor=${LEDGER_MOUNT}

[Service]
${HARDENED}
${NO_METADATA}
EnvironmentFile=${NODE_ENVIRONMENT}
Environment=FABRIC_LOGGING_SPEC=warning
ReadWritePaths=${LEDGER_MOUNT}
ExecStart=${command}
StandardOutput=append:/var/log/pulse/${log}.log
StandardError=inherit
TimeoutStopSec=90

[Install]
WantedBy=multi-user.target
`;
}

/** systemd's units for a machine; each machine enables those of its kind. */
export function units(chaincode: {
  readonly mspId: string;
  readonly chaincodeId: string;
}): Readonly<Record<string, string>> {
  return {
    'pulse-keys.service': KEYS,
    'pulse-certificates.service': CERTIFICATES,
    'pulse-certificates.timer': CERTIFICATES_TIMER,
    'pulse-orderer.service': node('Fabric orderer', `${PROGRAMS}/bin/orderer`, 'orderer', ''),
    'pulse-peer.service': node(
      'Fabric peer',
      `${PROGRAMS}/bin/peer node start`,
      'peer',
      ' pulse-chaincode.service',
    ),
    'pulse-chaincode.service': `[Unit]
Description=Chaincode, as a service for the peer beside it

[Service]
${HARDENED}
# It speaks to the peer on this machine and to nobody else.
IPAddressDeny=any
IPAddressAllow=localhost
Environment=CORE_PEER_LOCALMSPID=${chaincode.mspId}
Environment=CORE_CHAINCODE_LOGGING_LEVEL=WARNING
WorkingDirectory=${PROGRAMS}/chaincode
ExecStart=${PROGRAMS}/bin/node ${PROGRAMS}/node_modules/fabric-shim/cli.js server --chaincode-address 127.0.0.1:${PORTS.chaincode} --chaincode-id ${chaincode.chaincodeId}
StandardOutput=append:/var/log/pulse/chaincode.log
StandardError=inherit

[Install]
WantedBy=multi-user.target
`,
  };
}
