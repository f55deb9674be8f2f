export { createAuthorities, readAuthority } from './authorities.ts';
export { type CertifiedKey, certificateFingerprint } from './certificate.ts';
export {
  type DeviceCertificateOptions,
  type DeviceKey,
  issueDevice,
  requestedKey,
} from './device.ts';
export {
  type AuthorityKind,
  type CertifiedKeyFiles,
  type NodeFiles,
  type OrganizationKeys,
  organizationKeys,
  readCertifiedKey,
  readIfPresent,
  writePrivate,
} from './key-folder.ts';
export {
  certifyService,
  createNetworkIdentities,
  issueAdministrator,
  issueOrderer,
  issuePeer,
  issueService,
  type NetworkIdentity,
  networkIdentities,
  renewIdentity,
  type ServiceCertificateOptions,
  type ServiceName,
  servicesOf,
  type TlsServerOptions,
  tlsServerCertificate,
} from './nodes.ts';
export {
  addRevocation,
  createRevocationList,
  isRevoked,
  type Revocation,
  readRevocationList,
  revocationListEnd,
  revokeDevice,
  revokeIdentity,
} from './revocation.ts';
export { issueUser, MAX_USER_MINUTES, type UserCertificateOptions } from './user.ts';
