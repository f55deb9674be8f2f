export { accepts, acceptsTls, eventually, type TlsServer } from './port.ts';
export {
  inheritedEnvironment,
  type SupervisedProcess,
  type SupervisionOptions,
  supervise,
} from './supervised-process.ts';
