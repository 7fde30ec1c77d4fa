import type { CredentialOptions } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import type { Leased } from '../renewing.ts';
import { readAnswer, wire } from './client.ts';
import { type Asked, answerError } from './failures.ts';
import { TemporaryKeys } from './temporary-keys.ts';
import { type HuaweiKeys, sendOnce, type WireAnswer, type WireRequest } from './transport.ts';

const METADATA = 'http://169.254.169.254';
const TOKEN_SECONDS = '21600';

/**
 * Temporary keys of the agency of the ECS that this runs on, by its metadata service: with a session token first, which servers
 * may demand; older ones answer 404 or 405 to that (ECS guide, "Obtaining Metadata"; vendor's Go SDK).
 * @throws CloudError
 */
export async function agencyKeys(options: CredentialOptions, signal: AbortSignal): Promise<Leased<HuaweiKeys>> {
  const endpoint = new URL(options.endpoints.overrides.metadata ?? METADATA);
  const asked: Asked = {
    action: 'metadata:securitykey',
    endpoint,
    region: options.region,
    credentials: 'agency of the server',
    secrets: [],
    nowMs: options.clock.now(),
  };
  const send = (request: Pick<WireRequest, 'method' | 'path' | 'headers'>): Promise<WireAnswer> =>
    wire(asked, () => sendOnce({ endpoint, agent: options.agents.forEndpoint(endpoint), ...request }, signal));

  const session = await send({
    method: 'PUT',
    path: '/meta-data/latest/api/token',
    headers: { 'X-Metadata-Token-Ttl-Seconds': TOKEN_SECONDS },
  });
  const token = session.status === 200 ? session.body.trim() : '';
  const keys = await send({
    method: 'GET',
    path: '/openstack/latest/securitykey',
    headers: token === '' ? {} : { 'X-Metadata-Token': token },
  });
  if (keys.status >= 400 && keys.status <= 499) throw noAgency({ ...asked, secrets: [token] }, keys);
  return readAnswer({ ...asked, secrets: [token] }, keys, TemporaryKeys).credential;
}

function noAgency(asked: Asked, answer: WireAnswer): CloudError {
  const { details } = answerError(asked, answer);
  return new CloudError(
    `${asked.action} at ${asked.endpoint.host}: ${answer.status}: this server has no agency. Give it one (console: ECS > server > Agency), or other credentials.`,
    { ...details, category: 'credentials' },
  );
}
