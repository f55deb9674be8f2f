export { accepts, acceptsTls, eventually } from './port.ts';
export {
  inheritedEnvironment,
  type SupervisedProcess,
  supervise,
} from './supervised-process.ts';
