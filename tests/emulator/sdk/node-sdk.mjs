// code → token → profile with the official SDK. Reads {gateway, appId, privateKey, alipayPublicKey, code} as JSON
// on stdin, prints {token, profile} or {error} as JSON.
import { readFileSync } from 'node:fs';
import { AlipaySdk } from 'alipay-sdk';

const { code, ...config } = JSON.parse(readFileSync(0, 'utf8'));
const sdk = new AlipaySdk({ ...config, keyType: 'PKCS8' });
const verified = { validateSign: true }; // without it the SDK verifies nothing

try {
  const token = await sdk.exec(
    'alipay.system.oauth.token',
    { grantType: 'authorization_code', code },
    verified,
  );
  const profile = await sdk.exec(
    'alipay.user.info.share',
    { authToken: token.accessToken },
    verified,
  );
  console.log(JSON.stringify({ token, profile }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}
