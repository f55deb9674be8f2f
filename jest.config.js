/** ESM-only dependencies that jest must compile to CommonJS. */
const esmOnly = [
  'aedes',
  'jose',
  '@peculiar',
  'cborg',
  'cockatiel',
  'commander',
  '@noble',
  'asn1js',
  'pvtsutils',
  'saxes',
  '@sparticuz',
  'fhir-kit-client',
  'oidc-provider',
  'nanoid',
  'eta',
  'quick-lru',
  'raw-body',
  'oidc-token-hash',
];

export default {
  testEnvironment: 'node',
  roots: [
    'domain',
    'chaincode/src',
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
  ].map((d) => `<rootDir>/${d}`),
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/.pulseledger/', '<rootDir>/.cache/'],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2024',
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // These offer themselves to `import` only.
  moduleNameMapper: {
    '^cborg$': '<rootDir>/node_modules/cborg/cborg.js',
    '^fhir-kit-client$': '<rootDir>/node_modules/fhir-kit-client/dist/index.js',
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  cacheDirectory: '<rootDir>/.cache/jest',
  testTimeout: 120_000,
};
