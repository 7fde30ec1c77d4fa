import * as z from 'zod';
import type { Leased } from '../renewing.ts';
import type { HuaweiKeys } from './transport.ts';

/** Temporary keys as IAM and the metadata service answer them. */
export const TemporaryKeys = z.object({
  credential: z
    .object({
      access: z.string().min(1),
      secret: z.string().min(1),
      securitytoken: z.string().min(1),
      /** 2026-11-21T10:00:00.000000Z */
      expires_at: z.iso.datetime(),
    })
    .transform(
      ({ access, secret, securitytoken, expires_at }): Leased<HuaweiKeys> => ({
        credentials: { accessKey: access, secretKey: secret, securityToken: securitytoken },
        goodUntilMs: Date.parse(expires_at),
      }),
    ),
});
