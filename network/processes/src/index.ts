export { guard, release } from './guardian.ts';
export { accepts, acceptsTls, eventually, servedCertificate } from './port.ts';
export { choosePort, isPortFree } from './ports.ts';
export { isRunning, processSeen } from './process-seen.ts';
export { RotatingLog } from './rotating-log.ts';
export {
  inheritedEnvironment,
  type StopOptions,
  type SupervisedProcess,
  supervise,
} from './supervised-process.ts';
