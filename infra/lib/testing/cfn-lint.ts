import { pythonTool } from './python-tool.ts';

/** Path of cfn-lint; undefined where it cannot be had. */
export function cfnLint(): string | undefined {
  return pythonTool({ package: 'cfn-lint', version: '1.58.0', program: 'cfn-lint' });
}
