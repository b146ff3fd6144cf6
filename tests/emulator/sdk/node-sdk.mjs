// code → token → profile with the official SDK. For each line {gateway, appId, privateKey, code, …} on stdin, a line
// {token, profile} or {error} on stdout: loading the SDK takes longer than a flow.
import { createInterface } from 'node:readline';
import { AlipaySdk } from 'alipay-sdk';

const verified = { validateSign: true }; // without it the SDK verifies nothing

async function flow({ code, ...config }) {
  const sdk = new AlipaySdk({ ...config, keyType: 'PKCS8' });
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
  return { token, profile };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await flow(JSON.parse(line)).catch(({ message }) => ({ error: message }));
  console.log(JSON.stringify(answer));
}
