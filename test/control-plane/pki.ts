import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const VALID_DAYS = '2';

/**
 * Makes `ca.crt`, `api.crt`, `api.key` and `service-account.key` in `dir`, valid for two days.
 * @param addresses IP addresses that the API server is called by
 * @returns the CA certificate, PEM
 */
export async function makeCertificates(dir: string, addresses: readonly string[]): Promise<string> {
  const names = [...new Set(addresses), '10.96.0.1'].map((address) => `IP:${address}`);
  writeFileSync(join(dir, 'api.ext'), `subjectAltName=DNS:localhost,${names.join(',')}\n`);
  const ca = ['-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test-ca', '-days', VALID_DAYS];
  const request = ['-keyout', 'api.key', '-out', 'api.csr', '-subj', '/CN=kube-apiserver'];
  await Promise.all([
    openssl(dir, ['req', '-x509', ...EC_KEY, ...ca]),
    openssl(dir, ['req', ...EC_KEY, ...request]),
    openssl(dir, ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'service-account.key']),
  ]);
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', '1', '-days', VALID_DAYS, '-extfile', 'api.ext'];
  await openssl(dir, ['x509', '-req', '-in', 'api.csr', '-out', 'api.crt', ...signed]);
  return openssl(dir, ['x509', '-in', 'ca.crt']);
}

function openssl(dir: string, args: readonly string[]): Promise<string> {
  const ifMissing = 'It makes the certificates of the test control plane. Install it: apt-get install openssl';
  return runCommand('openssl', args, { cwd: dir, ifMissing });
}
