import { describe, expect, it } from 'vitest';
import { readSecretReference } from './secret-reference.js';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/cerebro-AbCdEf';
const plain = {
  arn: ARN,
  region: 'eu-west-1',
  key: undefined,
  versionStage: undefined,
  versionId: undefined,
};

describe('the name of a secret in AWS Secrets Manager', () => {
  it.each([
    [ARN, plain],
    [`${ARN}#url`, { ...plain, key: 'url' }],
    [`${ARN}#a:b#c`, { ...plain, key: 'a:b#c' }],
    [`${ARN}:url::`, { ...plain, key: 'url' }],
    [`${ARN}:url:AWSPREVIOUS:`, { ...plain, key: 'url', versionStage: 'AWSPREVIOUS' }],
    [`${ARN}:::v-1`, { ...plain, versionId: 'v-1' }],
    [`${ARN}::`, plain],
    [ARN.replace('aws:', 'aws-us-gov:'), { ...plain, arn: ARN.replace('aws:', 'aws-us-gov:') }],
  ])('is read: %s', (text, reference) => {
    expect(readSecretReference(text)).toEqual(reference);
  });

  it.each([
    'prod/cerebro',
    ARN.replace(':secret:', ':key:'),
    ARN.replace('secretsmanager', 'ssm'),
    ARN.replace('123456789012', '1234'),
    ARN.replace('eu-west-1', ''),
    `${ARN}#`,
    `${ARN}:url#url`,
    `${ARN}:url:stage:id:more`,
    `${ARN} `,
    `${ARN}\n`,
  ])('is not %j', (text) => {
    expect(readSecretReference(text)).toBeUndefined();
  });
});
