import { runChild } from '../process/child.ts';
import { web } from './web.ts';

runChild(web);
