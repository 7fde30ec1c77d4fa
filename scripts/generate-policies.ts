// Writes deploy/policies/ and docs/cloud-permissions.md from the actions that the code calls: `npm run generate`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { huaweiPolicy, permissionsPage, tencentPolicy } from './docs/policies.ts';

const root = new URL('../', import.meta.url);
mkdirSync(new URL('deploy/policies/', root), { recursive: true });
writeFileSync(new URL('deploy/policies/huawei-iam.json', root), huaweiPolicy());
writeFileSync(new URL('deploy/policies/tencent-cam.json', root), tencentPolicy());
writeFileSync(new URL('docs/cloud-permissions.md', root), permissionsPage());
