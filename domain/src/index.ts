export {
  ActionSchema,
  ATTESTATION_LEAD_MS,
  ATTESTATION_LIFE_MS,
  ATTESTATION_SKEW_MS,
  Attestation,
  type AttestedDecision,
  type AttestedRecord,
  AttestedShare,
  type AttestedTest,
  AttestInput,
  AttestOutput,
  Claims,
  type CommonClaims,
  EMERGENCY_REASONS,
  EmergencyClaim,
  type EmergencyReason,
  LabelList,
  MAX_WANTS,
  PurposeSchema,
  RecordClassSchema,
  Want,
} from './access/attestation.ts';
export { decide } from './access/decide.ts';
export {
  AccessEntry,
  AccessEntryDocument,
  AttesterDocument,
  AttesterKey,
  AttesterSecret,
  EmergencyChoiceDocument,
  EmergencyNoticeDocument,
  LinkDocument,
  LinkTarget,
  MAX_ATTESTER_KEYS,
  type OpenedClass,
  type Recorder,
  RelationScopeSchema,
  RepresentativeDocument,
  VERDICTS,
  type Verdict,
  WristbandDocument,
} from './access/documents.ts';
export {
  CommitIntentInput,
  EmergencyIntent,
  type EmergencyReview,
  FindInEmergencyInput,
  FindInEmergencyOutput,
  type FoundPatient,
  INTENT_COMMIT_MS,
  INTENT_LIFE_MS,
  MAX_FOUND_PATIENTS,
  MAX_NOTICE_PAGE,
  type MedicReport,
  PARTS_MAY_BE_WITHHELD,
  REPEATED_FROM,
  ReadOnIntentOutput,
  ReportOutput,
  ReviewInput,
  ReviewsInput,
  ReviewsOutput,
  SetEmergencyChoiceInput,
  SetWristbandInput,
} from './access/emergency.ts';
export { ACCESS_KEYS, implicitCollection } from './access/keys.ts';
export type {
  AccessQuestion,
  ConsentFact,
  Decision,
  PatientFacts,
  Relation,
  RelationScope,
} from './access/question.ts';
export {
  AttestRequest,
  EndRepresentativeInput,
  LinkInput,
  ListAccessInput,
  ListAccessOutput,
  ListAttestersInput,
  ListAttestersOutput,
  ListLinksOutput,
  ListRepresentativesOutput,
  MAX_ACCESS_PAGE,
  OpenChartInput,
  PERMIT_LIFE_MS,
  PublishAttesterInput,
  PutAttesterKeyInput,
  SetRepresentativeInput,
  UnlinkInput,
} from './access/requests.ts';
export { type AccessRule, RULES as ACCESS_RULES } from './access/rules.ts';
export {
  ACTIONS,
  type Action,
  CHART_CLASSES,
  CONFIDENTIALITY_LABELS,
  LABELS,
  type Label,
  PURPOSES,
  type Purpose,
  REASON_CODES,
  RECORD_CLASSES,
  type ReasonCode,
  type RecordClass,
  SENSITIVE_LABELS,
  SUMMARY_CLASSES,
} from './access/vocabulary.ts';
export {
  AcknowledgeInput,
  type AlarmRecording,
  type AlarmRecordingResult,
  AlarmStatesInput,
  AlarmStatesOutput,
  AlarmsDocument,
  DeedDocument,
  type DeviceMoment,
  MAX_ALARM_DEVICES,
  type PatientAlarms,
  ReadAlarmsInput,
  ReadAlarmsOutput,
  RecordAlarmsInput,
  RecordAlarmsOutput,
  SetLimitsInput,
  SettingsDocument,
  type Wearer,
} from './alarms/contract.ts';
export { AlarmDeed, MAX_SNOOZE_MS, withDeed, withDeeds } from './alarms/deeds.ts';
export {
  type AlarmEvent,
  type Arrival,
  evaluateArrival,
  isQuiet,
  isSameToReaders,
  LIVE_WITHIN_MS,
} from './alarms/evaluate.ts';
export { ALARM_KEYS } from './alarms/keys.ts';
export {
  ALARM_PRIORITIES,
  AlarmLimit,
  type AlarmLimits,
  type AlarmPriority,
  AlarmSettings,
  DEFAULT_SETTINGS,
  limitsOf,
  SettingsEntry,
} from './alarms/limits.ts';
export {
  Alarm,
  AlarmId,
  AlarmState,
  type DeviceAlarms,
  HistoricalEpisode,
  NO_ALARMS,
  type Track,
} from './alarms/state.ts';
export {
  ESCALATES_AFTER_MS,
  isOpen,
  noDataAlarm,
  type OpenAlarm,
  openAlarms,
} from './alarms/view.ts';
export { AccessesAnswer, type AccessLine } from './api/accesses.ts';
export { AcknowledgeRequest, AlarmSettingsRequest, AlarmsAnswer } from './api/alarms.ts';
export {
  ConsentsAnswer,
  GrantRequest,
  InvitationAnswer,
  InvitationRequest,
  PasskeysAnswer,
  PreviewRequest,
  RegisterPasskeyRequest,
  RevokeRequest,
  SharedAnswer,
  SharesAnswer,
} from './api/consents.ts';
export {
  CorrectionAnswerRequest,
  CorrectionRequest,
  CorrectionRequested,
  CorrectionsAnswer,
} from './api/corrections.ts';
export { DeviceRequest, WearerRequest } from './api/devices.ts';
export {
  AttestationRequest,
  DirectoryAnswer,
  type DirectoryHit,
  type DirectoryPost,
  ProfileAnswer,
  type ProfileQualification,
} from './api/directory.ts';
export {
  EmergencyFindAnswer,
  EmergencyFindRequest,
  EmergencyOpenAnswer,
  EmergencyOpenRequest,
  EmergencyReportAnswer,
  EmergencyReviewRequest,
  EmergencyReviewsAnswer,
} from './api/emergency.ts';
export {
  ErasureAnswerRequest,
  ErasureProgress,
  ErasureRequest,
  ErasureRequested,
  ErasuresAnswer,
  WaitingErasures,
} from './api/erasures.ts';
export {
  BlockAnswer,
  type BlockLine,
  BlocksAnswer,
  type ChaincodeDefinition,
  ChaincodesAnswer,
  type CollectionDefinition,
  type CollectionHashes,
  LedgerAnswer,
  MAX_BLOCK_PAGE,
  type PeerHeight,
  type Touched,
  TransactionAnswer,
  type TransactionLine,
} from './api/ledger.ts';
export { LiveAnswer, LiveRequest, MAX_LIVE_PATIENTS } from './api/live.ts';
export { News2Answer, type News2Input } from './api/news2.ts';
export {
  AmendNoteRequest,
  MAX_NOTE_PAGE,
  NewNoteRequest,
  NotesAnswer,
  NoteVersionQuery,
  PsychotherapyNote,
  WrittenNote,
} from './api/notes.ts';
export {
  type EquivalentResult,
  EquivalentsAnswer,
  OrderAnswer,
  OrderRequest,
  WorklistAnswer,
} from './api/orders.ts';
export { PatientsAnswer } from './api/patients.ts';
export {
  RepresentativeRequest,
  RepresentativesAnswer,
  TreatingAnswer,
  type TreatingLine,
  TreatingRequest,
} from './api/relations.ts';
export {
  MAX_SERIES_POINTS,
  SERIES_STEPS,
  type Series,
  SeriesAnswer,
  type SeriesPoint,
  type SeriesStep,
} from './api/series.ts';
export { bytesFromHex, hexFromBytes } from './bytes.ts';
export { canonicalJson } from './canonical-json.ts';
export { checkChunk, chunkHeader, chunkSummaries, decodeChunk } from './chunk/decode.ts';
export { attachSignature, encodeChunk, splitSignature } from './chunk/encode.ts';
export {
  CHUNK_HOUR_MS,
  MAX_BOOT,
  MAX_CHUNK_BYTES,
  MAX_DURATION_MS,
  MAX_READINGS_PER_CHUNK,
  MAX_SAMPLES_PER_READING,
  MAX_SEQUENCE,
  MAX_ZONE_OFFSET_MINUTES,
  SALT_BYTES,
  SIGNATURE_BYTES,
} from './chunk/limits.ts';
export { partitionReadings } from './chunk/partition.ts';
export {
  ABSENT_REASONS,
  type AbsentReading,
  type AbsentReason,
  type Chunk,
  type ChunkContent,
  type ChunkHeader,
  type Reading,
  type ReadingForm,
  type SampledReading,
  type Statistics,
  type Summary,
  type ValueReading,
} from './chunk/reading.ts';
export { canonicalOrder } from './chunk/series.ts';
export { mergeSummaries, summarizeReadings } from './chunk/summary.ts';
export {
  AnswerCorrectionInput,
  Correction,
  type CorrectionAnswer,
  CorrectionAnswerDocument,
  CorrectionDocument,
  type CorrectionOutcome,
  MAX_CORRECTION_TEXT,
  MAX_OPEN_CORRECTIONS,
  ReadCorrectionsInput,
  ReadCorrectionsOutput,
  RequestCorrectionInput,
} from './clinical/correction.ts';
export {
  Attachment,
  ErasedDocument,
  INDEX_NAMES,
  IndexKey,
  type IndexName,
  IndexSecretDocument,
  LocatedDocument,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS,
  MAX_INDEX_KEYS,
  OrderedDocument,
  OrderFor,
  REPEAT_REASONS,
  RecordDocument,
  Repeat,
  type RepeatReason,
} from './clinical/documents.ts';
export {
  AnswerErasureInput,
  ErasableKey,
  EraseInput,
  type Erasure,
  ErasureDocument,
  ErasureInput,
  type ErasureScope,
  type ErasureState,
  ListErasableOutput,
  ListErasuresInput,
  ListErasuresOutput,
  MAX_ERASED_KEYS,
  MAX_ERASURES,
  REFUSAL_REASONS,
  ReadErasuresOutput,
  type ReplayEntry,
  RequestErasureInput,
} from './clinical/erasure.ts';
export { foldText, indexValueHash, uniqueKeyOf } from './clinical/index-hash.ts';
export { CLINICAL_KEYS, REGISTRY_SCOPE, versionAttribute } from './clinical/keys.ts';
export {
  LAB_GROUPS,
  type LabGroup,
  labGroupOf,
  loincCodesOf,
  standsFor,
  takenAtMs,
} from './clinical/lab-equivalence.ts';
export { EquivalentResultsInput, EquivalentResultsOutput } from './clinical/labs.ts';
export { LoincCode } from './clinical/loinc.ts';
export { isClosedOrder, testsOrdered } from './clinical/ordered-tests.ts';
export { basicsOfPatient } from './clinical/patient-resource.ts';
export {
  FindByKeyInput,
  FindByKeyOutput,
  FindUniqueInput,
  HistoryInput,
  HistoryOutput,
  LocateInput,
  MAX_FOUND,
  MAX_RECORDS_PER_PAGE,
  Place,
  ReadRecordsInput,
  ReadRecordsOutput,
  ReadVersionInput,
  RecordView,
} from './clinical/read.ts';
export {
  classesOfType,
  classOfResource,
  hidesPrescription,
  isOfClass,
} from './clinical/record-class.ts';
export {
  FhirResource,
  isAboutAnother,
  MAX_RESOURCE_BYTES,
  MAX_RESOURCE_DEPTH,
  referenceOf,
  requireResourceSize,
  resourceBytes,
} from './clinical/resource.ts';
export {
  AuthorDocument,
  AuthorGroupDocument,
  AuthorGroupInput,
  AuthorGroupView,
  MAX_NOTE_LENGTH,
  NoteText,
  SealedNote,
  SetAuthorGroupInput,
} from './clinical/sealed-note.ts';
export {
  ListOrdersInput,
  ListOrdersOutput,
  type OrderPlace,
  type OrderToAnswer,
} from './clinical/worklist.ts';
export {
  MAX_WRITE_INPUT_BYTES,
  MAX_WRITES_PER_TRANSACTION,
  RecordWrite,
  SetIndexSecretInput,
  WriteRecordsInput,
  WriteRecordsOutput,
} from './clinical/write.ts';
export { type Clock, pause, SYSTEM_CLOCK } from './clock.ts';
export {
  ConnectionProfile,
  MSP_IDS,
  ORGANIZATIONS,
  type Organization,
  type OrganizationEndpoint,
} from './connection-profile.ts';
export { type KnownPasskey, PasskeyAssertion, verifyAssertion } from './consent/assertion.ts';
export { fromBase64Url, toBase64Url } from './consent/base64url.ts';
export {
  type CeremonyCrypto,
  ceremonyChallenge,
  RelyingParty,
} from './consent/ceremony.ts';
export {
  type AttestedCopy,
  ConsentAttestInput,
  ConsentAttestOutput,
  ConsentAttestRequest,
  ConsentClaims,
  ConsentUse,
  MAX_COPIES,
  MAX_COPY_BYTES,
  MAX_PASSKEYS,
  MAX_PURGED,
  SharePurge,
} from './consent/claims.ts';
export {
  type Agreement,
  ConsentDocument,
  INVITATION_LIFE_MS,
  InvitationDocument,
  type PasskeyApproval,
  PasskeyDocument,
  PasskeyUseDocument,
} from './consent/documents.ts';
export { CONSENT_KEYS, EXTRACT_COLLECTION } from './consent/keys.ts';
export {
  type NewPasskey,
  PasskeyRegistration,
  verifyRegistration,
} from './consent/registration.ts';
export {
  CopyInput,
  GrantInput,
  InvitePasskeyInput,
  ListConsentsInput,
  ListConsentsOutput,
  ListCopiesInput,
  ListCopiesOutput,
  ListEndedInput,
  ListEndedOutput,
  ListPasskeysInput,
  ListPasskeysOutput,
  type OpenedInvitation,
  type PasskeyProof,
  type PasskeyRequest,
  type PasskeyView,
  type PasskeyVouch,
  PreviewInput,
  PurgeInput,
  ReadSharedInput,
  RegisterPasskeyInput,
  RevokeInput,
  type RevokeTerms,
  SharedPage,
  WorklistInput,
  WorklistOutput,
} from './consent/requests.ts';
export {
  aliasOf,
  type CopiedRecord,
  coversRecord,
  narrowedScope,
  rewriteIds,
  ShareDocument,
  SharedDocument,
  SharedPlace,
  shareDocument,
  sharedDocument,
} from './consent/share.ts';
export {
  type ConsentGrantee,
  ConsentTerms,
  factOf,
  isTowardsInsurer,
  requireSoundTerms,
  type ShareTerms,
} from './consent/terms.ts';
export { environmentPrefix, type QueueNames, queueNames } from './deployed-names.ts';
export { isOwnContactChange, keepsHistory } from './directory/amendment.ts';
export {
  ATTESTED_FOR_MS,
  type CheckedNpi,
  type CheckedQualification,
  checkedNpis,
  checkedQualifications,
  type QualificationAttestation,
  type QualificationStatus,
} from './directory/attestation.ts';
export {
  AttestationDocument,
  AttestQualificationInput,
  CloseDisputeInput,
  DirectoryDocument,
  DirectoryEntry,
  DirectoryHistoryInput,
  DirectoryHistoryOutput,
  type DirectoryWrite,
  Dispute,
  DisputeDocument,
  MAX_DIRECTORY_PAGE,
  MAX_DIRECTORY_WRITES,
  OpenDisputeInput,
  ReadDirectoryInput,
  ReadDirectoryOutput,
  SearchDirectoryInput,
  SearchDirectoryOutput,
  WriteDirectoryInput,
  WriteDirectoryOutput,
} from './directory/contract.ts';
export {
  codeValue,
  DIRECTORY_SEARCHES,
  type IndexEntry,
  identifierValue,
  indexEntries,
} from './directory/index-entries.ts';
export {
  DIRECTORY_COLLECTION,
  DIRECTORY_KEYS,
  type DirectoryIndex,
  directoryMoment,
} from './directory/keys.ts';
export { isNpi, NPI_SYSTEM } from './directory/npi.ts';
export {
  DIRECTORY_KINDS,
  type DirectoryFacts,
  type DirectoryKind,
  directoryFacts,
  isCurrent,
  referencedId,
} from './directory/resource.ts';
export { matchesAll, searchTokens } from './directory/search-text.ts';
export {
  ERRORS,
  type ErrorCode,
  type ErrorDescription,
  formatContractError,
  isErrorCode,
  PulseError,
  parseContractError,
  QUARANTINE_REASONS,
  type QuarantineReason,
} from './errors.ts';
export { DigestHex, Identifier, LATEST_MOMENT_MS, MomentMs, SaltHex } from './identifiers.ts';
export {
  type Inclusion,
  inclusionProof,
  leafHash,
  merkleRoot,
  type Sha256,
  verifyInclusion,
} from './merkle.ts';
export {
  Acknowledgement,
  IngestMessage,
  type LedgerPlace,
  LiveHint,
  MAX_REDRIVES,
  QuarantineEntry,
  WatchCommand,
} from './messages.ts';
export {
  DENIAL_REASONS,
  DENIERS,
  type DenialReason,
  METRICS,
  METRICS_NAMESPACE,
  type MetricDescription,
  type MetricDimensions,
  type MetricName,
  type MetricSink,
  RETRY_REASONS,
  type RetryReason,
  WATCHED_QUEUES,
} from './metrics.ts';
export { ageInYears, news2InputsOf } from './news2/inputs.ts';
export {
  CONSCIOUSNESS,
  type Consciousness,
  NEWS2_MAX_AGE_MS,
  NEWS2_PARAMETERS,
  type News2Inputs,
  type News2Parameter,
  type Timed,
} from './news2/parameters.ts';
export type { Points } from './news2/points.ts';
export {
  type News2,
  type News2Patient,
  type News2Response,
  type NotApplicable,
  news2,
  news2Response,
  type ResponseBand,
} from './news2/score.ts';
export { parseInput, parseJsonInput, type Schema } from './parse-input.ts';
export { joinChunks, splitChunks } from './record/chunk-list.ts';
export {
  type BootActivity,
  BootDocument,
  DeviceDocument,
  HourDocument,
  type HourSource,
  LateDocument,
  PatientDocument,
  PROVIDERS_COLLECTION,
  type SequenceRange,
  TreatingDocument,
  WornDocument,
} from './record/documents.ts';
export {
  Assignment,
  DeviceStatusInput,
  DeviceStatusOutput,
  DeviceView,
  FindChunkInput,
  FindChunkOutput,
  type LateChunk,
  ListDevicesOutput,
  ListHourChunksInput,
  ListHourChunksOutput,
  ListOpenHoursInput,
  ListOpenHoursOutput,
  ListPatientsInput,
  ListPatientsOutput,
  ListTreatingOutput,
  LocateDeviceInput,
  LocateDeviceOutput,
  MAX_OPEN_HOURS_PAGE,
  MAX_PAGE_BYTES,
  MAX_PAGE_SIZE,
  MAX_SCANNED_CHUNKS,
  type OpenHour,
  PatientInput,
  PatientView,
  ReadChunksOutput,
  ReadDeviceInput,
  ReadPatientInput,
  ReadSummariesOutput,
  ReadVitalsInput,
  SummaryRow,
  type TreatingRelation,
} from './record/evaluate.ts';
export {
  BootGaps,
  DeviceGaps,
  LATE_AFTER_MS,
  ListGapsInput,
  ListGapsOutput,
  MAX_GAP_PAGE,
  MAX_LISTED_GAPS,
} from './record/gaps.ts';
export {
  type ChunkIdentity,
  chunkAttributes,
  chunkKeyText,
  compositeKey,
  hourAttribute,
  hourOf,
  parseChunkKeyText,
  RECORD_KEYS,
  type RecordKey,
  splitCompositeKey,
} from './record/keys.ts';
export {
  PROVIDER_MSP_IDS,
  ROLE_ORGANIZATIONS,
  ROLES,
  type Role,
  SERVICE_ROLES,
  USER_ROLES,
} from './record/roles.ts';
export { livePseudonym, SubjectOpening, subjectCommitment } from './record/subject.ts';
export {
  AssignDeviceInput,
  CHUNKS_RECORDED_EVENT,
  ChangeOutput,
  ChunkResult,
  ChunksRecorded,
  CloseHourInput,
  EndAssignmentInput,
  EndTreatingInput,
  GENDERS,
  HOUR_CLOSES_AFTER_MS,
  MAX_CHUNKS_PER_HOUR,
  MAX_CHUNKS_PER_TRANSACTION,
  MAX_TRANSACTION_BYTES,
  PatientBasics,
  ReceivedTimes,
  RecordChunksOutput,
  RegisterDeviceInput,
  RegisterPatientInput,
  SetTreatingInput,
  SinceInput,
} from './record/submit.ts';
export {
  acknowledgementTopic,
  BASIC_INGEST_PREFIX,
  chunkPublishTopic,
  chunkTopic,
  commandTopic,
  hintTopic,
  INGEST_RULE,
} from './topics.ts';
export {
  isVitalCode,
  type Plausibility,
  type PlausibilityJudge,
  type PlausibleRange,
  plausibility,
  plausibilityJudge,
  VITAL_CODES,
  VITAL_SIGNS,
  type VitalCode,
  type VitalKind,
  type VitalSign,
} from './vital-signs.ts';
