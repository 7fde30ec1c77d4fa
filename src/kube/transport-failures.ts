import { KubeError } from './errors.ts';
import { type Attempt, garbledError } from './failures.ts';
import { asRecord, asString } from './read.ts';

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; is the server running and the port right?',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while sending',
  ENOTFOUND: 'the host name cannot be resolved; check the server name, DNS and VPN',
  EAI_AGAIN: 'the host name cannot be resolved now; check DNS and the network',
  ETIMEDOUT: 'the connection attempt timed out; check the network, VPN and firewall',
  EHOSTUNREACH: 'there is no route to the host; check the network and VPN',
  ENETUNREACH: 'the network is unreachable',
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet; check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed; set certificate-authority of the cluster",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is signed by an unknown CA; set certificate-authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is signed by an unknown CA; set certificate-authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not signed by the kubeconfig's CA",
  CERT_SIGNATURE_FAILURE: "the server's certificate is not signed by the kubeconfig's CA",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name; set tls-server-name of the cluster",
  EPROTO: 'the TLS handshake failed; does the port speak TLS?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the TLS handshake failed; does the port speak TLS?',
};

/** A socket, TLS or HTTP-parser failure of node:http as a KubeError. */
export function transportError(attempt: Attempt, error: unknown): KubeError {
  const code = codeOf(error);
  if (code.startsWith('HPE_')) {
    return garbledError(attempt, `something that is no HTTP (${code})`, 0, error);
  }
  if (code.startsWith('Z_')) {
    return garbledError(attempt, `a body that cannot be decompressed (${code})`, 0, error);
  }
  if (code.startsWith('ERR_OSSL_')) return unusableCertificate(attempt, error, code);
  const said = CAUSES[code] ?? (error instanceof Error ? error.message : String(error));
  return new KubeError(
    `${attempt.operation}: cannot reach the API server ${attempt.host} (${attempt.via}): ${said}${code === '' ? '' : ` (${code})`}`,
    { category: 'unreachable', status: 0, reason: '', operation: attempt.operation, cause: error },
  );
}

/** OpenSSL could not use what the kubeconfig gives: nothing was sent, and the server is not to blame. */
function unusableCertificate(attempt: Attempt, error: unknown, code: string): KubeError {
  return new KubeError(
    `${attempt.operation}: no credentials from ${attempt.via}: client-certificate, client-key or certificate-authority is no PEM, or they do not fit together (${code})`,
    { category: 'unauthorized', status: 0, reason: '', operation: attempt.operation, cause: error },
  );
}

/** The code of an error, or of the first one that an AggregateError (several addresses tried) holds. */
export function codeOf(error: unknown): string {
  const own = asString(asRecord(error).code);
  if (own !== '') {
    return own;
  }
  return error instanceof AggregateError ? codeOf(error.errors[0]) : '';
}
