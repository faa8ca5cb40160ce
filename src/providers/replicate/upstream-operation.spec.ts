import { describe, expect, it } from 'vitest';
import { operationOf } from './upstream-operation.js';

describe('the operation of a request to Replicate', () => {
  it.each([
    ['POST', '/v1/predictions', 'create'],
    ['POST', '/v1/models/acme/vision/predictions', 'create'],
    ['POST', '/v1/deployments/acme/vision/predictions', 'create'],
    ['POST', '/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu/cancel', 'cancel'],
    ['GET', '/v1/predictions', 'list'],
    ['GET', '/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu', 'get'],
    ['POST', '/v1/files', 'upload'],
    ['GET', '/v1/models/acme/vision/versions/0123', 'model'],
    ['GET', '/v1/deployments/acme/vision', 'model'],
    ['GET', '/v1/webhooks/default/secret', 'webhook_secret'],
    ['DELETE', '/v1/predictions', 'other'],
    ['GET', '/somewhere/else', 'other'],
  ])('%s %s is %s', (method, path, operation) => {
    expect(operationOf(method, path)).toBe(operation);
  });
});
