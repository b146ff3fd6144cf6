// Does the official SDK accept a message of 应用网关? Reads {alipayPublicKey, privateKey, appId, message} as JSON on
// stdin, prints true or false.
import { readFileSync } from 'node:fs';
import { AlipaySdk } from 'alipay-sdk';

const { message, ...config } = JSON.parse(readFileSync(0, 'utf8'));
const sdk = new AlipaySdk({ ...config, keyType: 'PKCS8' });
console.log(sdk.checkNotifySignV2(message));
