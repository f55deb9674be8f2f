import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Nothing in a contract may depend on a clock, chance, the environment or the locale. */
const nondeterminism = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'use the transaction timestamp',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'use the transaction timestamp',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'contracts are deterministic',
  },
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'contracts read no environment',
  },
  {
    selector: 'CallExpression[callee.property.name=/^toLocale/]',
    message: 'contracts do not depend on the locale',
  },
  {
    selector:
      'CallExpression[callee.property.name=/^random/], CallExpression[callee.name=/^random/]',
    message: 'contracts are deterministic',
  },
  {
    selector: "MemberExpression[object.name='Promise'][property.name=/^(race|any)$/]",
    message: 'order must not depend on timing',
  },
  { selector: "Identifier[name='Intl']", message: 'contracts do not depend on the locale' },
  { selector: 'ForInStatement', message: 'iterate in a stated order' },
  {
    selector: "Program > VariableDeclaration[kind='let']",
    message: 'contracts keep no state between transactions',
  },
  { selector: "CallExpression[callee.name='fetch']", message: 'contracts do not use the network' },
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.cache/**', '.pulseledger/**', 'coverage/**'] },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      complexity: ['error', 10],
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-function-return-type': 'off',
    },
  },
  {
    // A package's index is a list of names.
    files: ['*/src/index.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    // A view is one function whose lines are what is seen.
    files: ['dashboard/src/**/*.tsx'],
    rules: {
      'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['chaincode/src/**/*.ts', 'domain/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: { 'no-restricted-syntax': ['error', ...nondeterminism] },
  },
);
