import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate with its key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateFacts {
  /** Names and IPv4 addresses that it is for. */
  readonly names: readonly string[];
  /** Default: valid for a day around now. */
  readonly expiresAt?: Date;
}

const DAY_MS = 24 * 60 * 60_000;

// DER, as much of it as a certificate needs. ITU X.690.
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = content.byteLength;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value, 'latin1'));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const TRUE = der(0x01, Buffer.from([255]));
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const commonName = (name: string): Buffer => sequence(der(0x31, sequence(oid('550403'), text(0x0c, name))));
const time = (date: Date): Buffer => text(0x18, `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`);
const extension = (id: string, value: Uint8Array, isCritical = false): Buffer => sequence(oid(id), ...(isCritical ? [TRUE] : []), der(0x04, value));
const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;

let serial = 1;
const issue = (
  subject: string,
  publicKey: KeyObject,
  issuer: { readonly name: string; readonly key: KeyObject },
  expiresAt: Date,
  extensions: readonly Buffer[],
): string => {
  // X.509, RFC 5280 §4.1.
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial++])),
    ECDSA_WITH_SHA256,
    commonName(issuer.name),
    sequence(time(new Date(expiresAt.getTime() - 2 * DAY_MS)), time(expiresAt)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  return pem('CERTIFICATE', sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), sign('sha256', body, issuer.key))));
};

const newKey = (): { readonly publicKey: KeyObject; readonly privateKey: KeyObject; readonly key: string } => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { publicKey, privateKey, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
};

const namesExtension = (names: readonly string[]): Buffer =>
  extension('551d11', sequence(...names.map((name) => (isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : text(0x82, name)))));

/** Makes a certificate that nobody vouches for. */
export const createSelfSigned = ({ names, expiresAt = new Date(Date.now() + DAY_MS) }: CertificateFacts): TestCertificate => {
  const { publicKey, privateKey, key } = newKey();
  return { cert: issue('self', publicKey, { name: 'self', key: privateKey }, expiresAt, [namesExtension(names)]), key };
};

/** An authority of a test's own. */
export interface TestAuthority {
  /** Its certificate, for those who shall trust it; PEM. */
  readonly ca: string;
  issue(facts: CertificateFacts): TestCertificate;
}

/** Makes an authority. */
export const createAuthority = (): TestAuthority => {
  const { publicKey, privateKey, key } = newKey();
  const name = 'Test authority';
  const isAuthority = extension('551d13', sequence(TRUE), true);
  return {
    ca: issue(name, publicKey, { name, key: privateKey }, new Date(Date.now() + DAY_MS), [isAuthority]),
    issue: ({ names, expiresAt = new Date(Date.now() + DAY_MS) }) => {
      const own = newKey();
      return { cert: issue(names[0] ?? 'nobody', own.publicKey, { name, key: createPrivateKey(key) }, expiresAt, [namesExtension(names)]), key: own.key };
    },
  };
};
