import { Client, credentials, InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import type { ConnectionProfile } from '@pulseledger/domain';

/** Bytes of the transactions that were handed to the orderer, as they stand in blocks. */
export interface Submitted {
  bytes: number;
}

/** A client of the hospital's peer that counts what is submitted over it. */
export function newCountedClient(profile: ConnectionProfile, submitted: Submitted): Client {
  const { endpoint, serverName, tlsRootCertificatePem } = profile.organizations.hospital;
  return new Client(endpoint, credentials.createSsl(Buffer.from(tlsRootCertificatePem)), {
    'grpc.ssl_target_name_override': serverName,
    interceptors: [counting(submitted)],
  });
}

function counting(submitted: Submitted): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      sendMessage: (message: unknown, next) => {
        if (message instanceof gateway.SubmitRequest) {
          submitted.bytes += message.getPreparedTransaction()?.serializeBinary().length ?? 0;
        }
        next(message);
      },
    });
}
