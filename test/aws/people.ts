import { randomBytes } from 'node:crypto';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  AssociateSoftwareTokenCommand,
  type CognitoIdentityProviderClient,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  type RespondToAuthChallengeCommandOutput,
  SetUserMFAPreferenceCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { createSrpSession, signSrpSession, wrapAuthChallenge } from 'cognito-srp-helper';
import type { Clients } from './clients.ts';
import { AwsTestFailure } from './failure.ts';
import { oneTimePassword } from './one-time-password.ts';

/** A person as an administrator makes them (docs/DEPLOY.md, "People, devices, the first reading"). */
export interface Person {
  readonly name: string;
  readonly organization: string;
  readonly role: string;
  readonly subjectId: string;
}

interface Login {
  readonly cognito: CognitoIdentityProviderClient;
  readonly pool: string;
  readonly client: string;
  readonly name: string;
  readonly password: string;
}

/** Makes the account, registers an authenticator, and logs in with both factors. @returns an access token */
export async function accessToken(clients: Clients, person: Person): Promise<string> {
  const login: Login = {
    cognito: clients.cognito,
    pool: await clients.sharedValue('identity/user-pool-id'),
    client: await clients.sharedValue('identity/client-id'),
    name: person.name,
    password: `Aa1!${randomBytes(12).toString('hex')}`,
  };
  await makeAccount(login, person);
  // AWS asks for the authenticator at the first login already; the emulator once there is one.
  const secret = await registerAuthenticator(login, tokenIn(await proven(login)));
  const asked = await proven(login);
  if (asked.ChallengeName !== 'SOFTWARE_TOKEN_MFA') {
    throw new AwsTestFailure(
      `After the password the pool asks for ${asked.ChallengeName ?? 'nothing'}, not for the authenticator.`,
    );
  }
  const { cognito, client: ClientId, name: USERNAME } = login;
  const SOFTWARE_TOKEN_MFA_CODE = oneTimePassword(secret, Date.now());
  return tokenIn(
    await cognito.send(
      new RespondToAuthChallengeCommand({
        ClientId,
        ChallengeName: 'SOFTWARE_TOKEN_MFA',
        Session: asked.Session,
        ChallengeResponses: { USERNAME, SOFTWARE_TOKEN_MFA_CODE },
      }),
    ),
  );
}

/** As an administrator does: attributes, group, and a password that need not be changed. */
async function makeAccount(login: Login, person: Person): Promise<void> {
  const { cognito, pool, name, password } = login;
  const user = { UserPoolId: pool, Username: name };
  const attributes = {
    'custom:org': person.organization,
    'custom:role': person.role,
    'custom:subject_id': person.subjectId,
  };
  await cognito.send(
    new AdminCreateUserCommand({
      ...user,
      TemporaryPassword: password,
      MessageAction: 'SUPPRESS',
      UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
    }),
  );
  const permanent = { ...user, Password: password, Permanent: true };
  await cognito.send(new AdminSetUserPasswordCommand(permanent));
  const GroupName = `${person.organization}-${person.role}`;
  await cognito.send(new AdminAddUserToGroupCommand({ ...user, GroupName }));
}

/** Proves to know the password without sending it (SRP, the one way that the app client allows). */
async function proven(login: Login): Promise<RespondToAuthChallengeCommandOutput> {
  const { cognito, pool, client: ClientId, name: USERNAME, password } = login;
  const srp = createSrpSession(USERNAME, password, pool, false);
  const { ChallengeParameters = {} } = await cognito.send(
    new InitiateAuthCommand({
      ClientId,
      AuthFlow: 'USER_SRP_AUTH',
      AuthParameters: { USERNAME, SRP_A: srp.largeA },
    }),
  );
  const answer = wrapAuthChallenge(signSrpSession(srp, { ChallengeParameters }), {
    ClientId,
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeResponses: { USERNAME },
  });
  return cognito.send(
    new RespondToAuthChallengeCommand({
      ClientId,
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeResponses: answer.ChallengeResponses,
    }),
  );
}

/** @returns the secret that the authenticator shares with the pool */
async function registerAuthenticator({ cognito }: Login, AccessToken: string): Promise<string> {
  const associated = await cognito.send(new AssociateSoftwareTokenCommand({ AccessToken }));
  const { SecretCode = '' } = associated;
  const UserCode = oneTimePassword(SecretCode, Date.now());
  await cognito.send(new VerifySoftwareTokenCommand({ AccessToken, UserCode }));
  const SoftwareTokenMfaSettings = { Enabled: true, PreferredMfa: true };
  await cognito.send(new SetUserMFAPreferenceCommand({ AccessToken, SoftwareTokenMfaSettings }));
  return SecretCode;
}

function tokenIn({ AuthenticationResult }: RespondToAuthChallengeCommandOutput): string {
  const token = AuthenticationResult?.AccessToken;
  if (token === undefined) throw new AwsTestFailure('The login gave no access token.');
  return token;
}
