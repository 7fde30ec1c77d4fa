export { ACTIONS } from './actions.ts';
export { createCredentials } from './credentials.ts';
export { createReader } from './reader.ts';
