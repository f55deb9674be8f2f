export {
  type ChaincodeService,
  ChaincodeServiceError,
  type ChaincodeServiceOptions,
  startChaincodeService,
} from './chaincode-service.ts';
