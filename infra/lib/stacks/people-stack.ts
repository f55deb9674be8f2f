import { MSP_IDS, ORGANIZATIONS, ROLE_ORGANIZATIONS, USER_ROLES } from '@pulseledger/domain';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnManagedLoginBranding,
  CfnUserPoolGroup,
  FeaturePlan,
  LambdaVersion,
  ManagedLoginVersion,
  Mfa,
  OAuthScope,
  PasskeyUserVerification,
  StringAttribute,
  UserPool,
  type UserPoolClient,
  UserPoolOperation,
} from 'aws-cdk-lib/aws-cognito';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { PulseFunction } from '../constructs/function.ts';
import { SharedNetwork } from '../constructs/shared-network.ts';
import { loginDomainPrefix, prefix } from '../names.ts';
import { share, shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** A user's certificate for the ledger lives no longer either. */
const TOKEN_LIFE = Duration.minutes(15);
const SESSION_LIFE = Duration.hours(12);

/** Everybody who logs in: accounts made by administrators, two factors or a passkey, groups for roles. */
export class PeopleStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const pool = this.#pool(environment);
    this.#groups(pool);
    this.#claims(environment, pool);
    const client = this.#client(environment, pool);
    this.#loginPages(environment, pool, client);
    share(this, environment, 'identity/user-pool-id', pool.userPoolId);
    share(this, environment, 'identity/client-id', client.userPoolClientId);
  }

  #pool(environment: Environment): UserPool {
    const attribute = (): StringAttribute => new StringAttribute({ mutable: true, maxLen: 64 });
    const pool = new UserPool(this, 'People', {
      userPoolName: prefix(environment),
      featurePlan: FeaturePlan.PLUS,
      selfSignUpEnabled: false,
      signInAliases: { username: true },
      signInPolicy: { allowedFirstAuthFactors: { password: true, passkey: true } },
      passkeyRelyingPartyId: new URL(environment.api.pageOrigin).hostname,
      passkeyUserVerification: PasskeyUserVerification.REQUIRED,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { sms: false, otp: true },
      accountRecovery: AccountRecovery.NONE,
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
      },
      customAttributes: { org: attribute(), role: attribute(), subject_id: attribute() },
      deletionProtection: environment.isProtected,
      removalPolicy: environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    return pool;
  }

  /** A group a role of an organization; nobody is in one by default. */
  #groups(pool: UserPool): void {
    for (const organization of ORGANIZATIONS) {
      for (const role of USER_ROLES) {
        if (!ROLE_ORGANIZATIONS[role].includes(MSP_IDS[organization])) continue;
        const groupName = `${organization}-${role}`;
        new CfnUserPoolGroup(this, `Group/${groupName}`, {
          userPoolId: pool.userPoolId,
          groupName,
        });
      }
    }
  }

  /** Cognito's own pages, which know passkeys; without a branding they show nothing. */
  #loginPages(environment: Environment, pool: UserPool, client: UserPoolClient): void {
    pool.addDomain('Login', {
      cognitoDomain: { domainPrefix: loginDomainPrefix(environment) },
      managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    new CfnManagedLoginBranding(this, 'Branding', {
      userPoolId: pool.userPoolId,
      clientId: client.userPoolClientId,
      useCognitoProvidedValues: true,
    });
  }

  #claims(environment: Environment, pool: UserPool): void {
    const network = new SharedNetwork(this, 'Network', environment);
    const claims = new PulseFunction(this, 'TokenClaims', {
      environment,
      bundle: 'token-claims',
      description: 'Writes organization and role into access tokens',
      // Cognito waits no longer.
      timeout: Duration.seconds(5),
      vpc: network.vpc,
      securityGroup: network.functions,
      key: Key.fromKeyArn(this, 'Key', shared(this, environment, 'data/key-arn')),
      reservedConcurrentExecutions: environment.api.burst,
      variables: {},
    });
    acknowledge(claims.function, {
      'HIPAA.Security-LambdaDLQ':
        'Called and awaited by the user pool: nothing is left to deliver.',
    });
    pool.addTrigger(
      UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
      claims.function,
      LambdaVersion.V2_0,
    );
  }

  #client(environment: Environment, pool: UserPool): UserPoolClient {
    return pool.addClient('Page', {
      userPoolClientName: `${prefix(environment)}-page`,
      generateSecret: false,
      authFlows: { user: true, userSrp: true },
      accessTokenValidity: TOKEN_LIFE,
      idTokenValidity: TOKEN_LIFE,
      refreshTokenValidity: SESSION_LIFE,
      enableTokenRevocation: true,
      preventUserExistenceErrors: true,
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID],
        callbackUrls: [`${environment.api.pageOrigin}/`],
        logoutUrls: [`${environment.api.pageOrigin}/`],
      },
    });
  }
}
