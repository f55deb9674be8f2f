/** What changes of a secret's versions do to their staging labels, as Secrets Manager documents it; pure. */
import { AwsError } from '../aws/aws-error.ts';
import type { SecretVersion } from './secret-store.ts';

export const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
export const PENDING = 'AWSPENDING';

export interface PutVersion {
  readonly versionId: string;
  readonly value: string;
  readonly stages: readonly string[];
  readonly atMs: number;
}

/**
 * Keeps a value as a version. The same once more changes nothing
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
 *
 * @throws AwsError `ResourceExistsException` when the version has another value
 */
export function putVersion(
  versions: readonly SecretVersion[],
  { versionId, value, stages, atMs }: PutVersion,
): SecretVersion[] {
  const known = versions.find((version) => version.versionId === versionId);
  if (known?.value !== undefined && known.value !== value) {
    throw new AwsError('ResourceExistsException', 'The version has another value already.');
  }
  const others = versions.filter((version) => version.versionId !== versionId);
  const put = { versionId, value, stages: known?.stages ?? [], createdAtMs: atMs };
  return stages.reduce((all, stage) => label(all, stage, versionId), [...others, put]);
}

/** A version that waits for its value, as at the beginning of a rotation. */
export function awaitVersion(
  versions: readonly SecretVersion[],
  versionId: string,
  atMs: number,
): SecretVersion[] {
  return label([...versions, { versionId, stages: [], createdAtMs: atMs }], PENDING, versionId);
}

/**
 * Moves a label (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
 *
 * @throws AwsError `InvalidParameterException` when the label is at another version than the one it is to be taken from
 */
export function moveStage(
  versions: readonly SecretVersion[],
  { stage, from, to }: { stage: string; from?: string | undefined; to?: string | undefined },
): SecretVersion[] {
  const holder = versions.find(({ stages }) => stages.includes(stage))?.versionId;
  if (holder !== undefined && holder !== from && holder !== to) {
    throw new AwsError('InvalidParameterException', 'The label is at another version.');
  }
  if (to === undefined) return versions.map((version) => without(version, stage));
  if (!versions.some(({ versionId }) => versionId === to)) {
    throw new AwsError('ResourceNotFoundException', 'There is no such version.');
  }
  return label(versions, stage, to);
}

function label(versions: readonly SecretVersion[], stage: string, to: string): SecretVersion[] {
  const holder = versions.find(({ stages }) => stages.includes(stage))?.versionId;
  if (holder === to) return [...versions];
  const moved = versions.map((version) => {
    const rest = without(version, stage);
    return version.versionId === to ? { ...rest, stages: [...rest.stages, stage] } : rest;
  });
  // Who was current becomes the previous one by itself.
  const all = stage === CURRENT && holder !== undefined ? label(moved, PREVIOUS, holder) : moved;
  return all.filter(({ stages }) => stages.length > 0);
}

function without(version: SecretVersion, stage: string): SecretVersion {
  return { ...version, stages: version.stages.filter((one) => one !== stage) };
}
