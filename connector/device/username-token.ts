import { createHash, randomBytes } from 'node:crypto';
import { create } from 'xmlbuilder2';
import { NS } from './namespaces.ts';

const PASSWORD_DIGEST =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
const BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';

/**
 * The `wsse:Security` header block with a UsernameToken digest (Core 5.9.5, WSS UsernameToken profile 1.0):
 * Base64(SHA-1(nonce bytes + created + password)). Nonce and Created are both mandatory.
 *
 * @param created xs:dateTime with `Z`, in the **device's** time
 */
export function usernameTokenBlock(
  username: string,
  password: string,
  created: string,
  nonce: Buffer = randomBytes(16),
): string {
  const digest = createHash('sha1').update(nonce).update(created, 'utf8').update(password, 'utf8').digest('base64');
  return create()
    .ele({
      'wsse:Security': {
        '@xmlns:wsse': NS.wsse,
        '@xmlns:wsu': NS.wsu,
        'wsse:UsernameToken': {
          'wsse:Username': username,
          'wsse:Password': { '@Type': PASSWORD_DIGEST, '#': digest },
          'wsse:Nonce': { '@EncodingType': BASE64, '#': nonce.toString('base64') },
          'wsu:Created': created,
        },
      },
    })
    .toString();
}
