import { dirname } from 'node:path';
import type { Emulator } from './emulator.ts';

/** Variables of a program that knows nothing of this test: no credentials of the person who runs it, an empty home. */
export function cleanEnvironment(home: string): NodeJS.ProcessEnv {
  const { PATH = '', TMPDIR = '/tmp', PULSE_TEST_RUN } = process.env;
  return {
    PATH: `${dirname(process.execPath)}:${PATH}`,
    HOME: home,
    TMPDIR,
    CI: '1',
    ...(PULSE_TEST_RUN === undefined ? {} : { PULSE_TEST_RUN }),
  };
}

/** The same, with the emulated account in AWS' place. */
export function awsEnvironment(emulator: Emulator, home: string): NodeJS.ProcessEnv {
  const { endpoint, caFile, account, credentials } = emulator;
  return {
    ...cleanEnvironment(home),
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: account.region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    NODE_EXTRA_CA_CERTS: caFile,
  };
}
