/** Who may import whom (docs/ARCHITECTURE.md). A folder that is not listed as allowed is forbidden. */
const folders = [
  'domain',
  'chaincode',
  'ledger',
  'lambdas',
  'device-simulator',
  'network',
  'local',
  'dashboard',
  'cli',
  'infra',
  'test',
  'scripts',
];
const allowed = {
  domain: [],
  chaincode: ['domain'],
  ledger: ['domain'],
  lambdas: ['domain', 'ledger'],
  'device-simulator': ['domain'],
  network: ['domain'],
  local: ['domain', 'ledger', 'network', 'device-simulator', 'lambdas', 'chaincode'],
  dashboard: ['domain'],
  cli: ['domain', 'ledger'],
  infra: ['domain', 'ledger'],
  scripts: ['domain'],
};

module.exports = {
  forbidden: [
    ...Object.entries(allowed).map(([from, to]) => ({
      name: `${from}-imports-only-${to.join('-') || 'itself'}`,
      severity: 'error',
      from: { path: `^${from}/` },
      to: {
        path: `^(${folders.filter((f) => f !== from && !to.includes(f)).join('|')})/`,
        // Certificates are made in one place, also the user's own for one login.
        ...(from === 'ledger' || from === 'lambdas' ? { pathNot: '^network/identity/' } : {}),
        // Machines are made from the same definition, keys, renderers and channel tools as a network here.
        ...(from === 'infra'
          ? { pathNot: '^network/(definition|identity|processes|fabric/src/(render|channel))/' }
          : {}),
        // What is asked of a file that is imported stands beside the API that takes it.
        ...(from === 'cli' ? { pathNot: '^lambdas/fhir-api/src/import/import-bundle\\.ts$' } : {}),
      },
    })),
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^domain/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|zlib)$' },
    },
    {
      name: 'devnet-stands-alone',
      severity: 'error',
      from: { path: '^network/devnet/' },
      to: { path: '^network/fabric/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.cache)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
