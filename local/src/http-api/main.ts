import { runChild } from '../process/child.ts';
import { httpApi } from './http-api.ts';

runChild(httpApi);
