import { runChild } from '../process/child.ts';
import { cloud } from './cloud.ts';

runChild(cloud);
