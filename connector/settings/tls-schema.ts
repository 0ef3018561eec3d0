import { z } from 'zod';
import { file, fingerprint } from './value-schemas.ts';

/** TLS towards another side, as a client. */
export const tls = z.strictObject({
  ca: file("Certificate(s) to trust (PEM): the signing authority, or the other side's own certificate.").optional(),
  cert: file('Client certificate (PEM) to show when asked for one.').optional(),
  key: file('Private key (PEM) of the client certificate.').optional(),
  fingerprint: fingerprint()
    .describe(
      '"sha256:…" of the one certificate to accept, whoever signed it and whenever it expires. The practical choice for devices.',
    )
    .optional(),
  verify: z
    .boolean()
    .describe('false accepts any certificate, so that anybody on the network can pose as the other side.')
    .prefault(true),
});
