import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/*
 * X.509 certificates for tests of TLS, made with nothing but node:crypto: as much of RFC 5280 as a handshake needs.
 */

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate for 127.0.0.1, or another subjectAltName, that is valid for a day. */
  issue(options?: { readonly ip?: string; readonly dns?: string; readonly expired?: boolean }): Certificate;
}

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

export function makeAuthority(name = `ca-${randomBytes(4).toString('hex')}`): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const basic = extension('551d13', true, sequence(der(0x01, Buffer.from([0xff]))));
  const own = certificate({
    issuer: name,
    subject: name,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    extensions: [basic],
  });
  return {
    cert: own,
    key: pem(keys.privateKey),
    issue({ ip = '127.0.0.1', dns, expired = false } = {}) {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alt = dns === undefined ? der(0x87, Buffer.from(ip.split('.').map(Number))) : der(0x82, Buffer.from(dns));
      const cert = certificate({
        issuer: name,
        subject: 'server',
        publicKey: leaf.publicKey,
        signer: keys.privateKey,
        extensions: [extension('551d11', false, sequence(alt))],
        notAfter: Date.now() + (expired ? -DAY_MS / 2 : DAY_MS),
      });
      return { cert, key: pem(leaf.privateKey) };
    },
  };
}

interface CertificateParts {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly notAfter?: number;
}

function certificate(parts: CertificateParts): string {
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    commonName(parts.issuer),
    sequence(utcTime(Date.now() - DAY_MS), utcTime(parts.notAfter ?? Date.now() + DAY_MS)),
    commonName(parts.subject),
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...parts.extensions)),
  );
  const signature = sign('sha256', tbs, parts.signer);
  const whole = sequence(tbs, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function utcTime(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replaceAll(/[-:T]|\.\d+Z$/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2)}Z`));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}
