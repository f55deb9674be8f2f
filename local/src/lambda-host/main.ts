import { runChild } from '../process/child.ts';
import { lambdaHost } from './lambda-host.ts';

runChild(lambdaHost);
