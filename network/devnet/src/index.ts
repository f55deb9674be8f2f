export { type Devnet, type DevnetOptions, type DevnetProfile, startDevnet } from './devnet.ts';
