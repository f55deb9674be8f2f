import { runChild } from '../process/child.ts';
import { identityServices } from './identity-services.ts';

runChild(identityServices);
