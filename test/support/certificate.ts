import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for the address `host`, self-signed or by `issuer`, made by openssl 3; null, and told, where there is none. */
export async function makeCertificate(host: string, issuer?: Certificate): Promise<Certificate | null> {
  const directory = await mkdtemp(join(tmpdir(), 'certificate-'));
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const arguments_ = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=IP:${host}`, '-keyout', key, '-out', cert];
  const [caCert, caKey] = [join(directory, 'ca.pem'), join(directory, 'ca-key.pem')];
  try {
    if (issuer !== undefined) {
      await writeFile(caCert, issuer.cert);
      await writeFile(caKey, issuer.key);
      subject.push('-CA', caCert, '-CAkey', caKey);
    }
    await promisify(execFile)('openssl', [...arguments_, ...subject]);
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT' || process.env.CI) throw error;
    console.warn('SKIPPED: TLS tests need the program openssl, which is not there');
    return null;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
