// The checks that aws.spec.ts makes of the templates find what is planted in them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchorsOf, parseTemplate } from '../support/cloudformation.js';
import { circles, loose } from '../support/cloudformation-references.js';
import { complaints } from '../support/cloudformation-schemas.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LAMBDA = 'template.yaml';
const FARGATE = 'deploy/aws/fargate.yaml';

describe('mistakes are found', () => {
  it('finds an alias, and no star in a text', () => {
    expect(anchorsOf("A: &a { B: '*c', D: a && *b }\nE: *a\n")).toEqual(['&a', '*a']);
  });

  const planted = (path: string, from: string, to: string) => {
    const text = readFileSync(root + path, 'utf8');
    expect(text).toContain(from);
    return parseTemplate(text.replace(from, to));
  };

  it.each([
    [
      LAMBDA,
      'InvokeMode: RESPONSE_STREAM',
      'InvokeMod: RESPONSE_STREAM',
      'FunctionUrl.InvokeMod is no property',
    ],
    [LAMBDA, 'InvokeMode: RESPONSE_STREAM', 'InvokeMode: STREAM', 'FunctionUrl.InvokeMode must be one of'],
    [LAMBDA, '      AuthType: NONE\n', '', 'FunctionUrl.AuthType is missing'],
    [LAMBDA, 'Timeout: 900', 'Timeout: 15m', 'GatewayFunction.Timeout must be a number'],
    [LAMBDA, 'SubnetIds: !Ref', 'Subnets: !Ref', 'GatewayFunction.VpcConfig.then.SubnetIds is missing'],
    [LAMBDA, 'AWS::Lambda::Url', 'AWS::Lambda::Link', 'FunctionUrl: there is no type AWS::Lambda::Link'],
    [LAMBDA, 'Schedule: rate', 'Rate: rate', 'CaretakerFunction.Events.Tick.Properties'],
    [FARGATE, 'StopTimeout: 120', 'StopTimeout: 2m', 'ContainerDefinitions.0.StopTimeout must be a number'],
    [FARGATE, 'ReadonlyRootFilesystem', 'ReadOnlyRootFilesystem', 'ReadOnlyRootFilesystem is no property'],
    [FARGATE, 'Rollback: true', 'RollBack: true', 'DeploymentCircuitBreaker.Rollback is missing'],
    [FARGATE, 'DependsOn', 'DependOn', 'Service: DependOn is no attribute of resources'],
  ])('%s: %j', async (path, from, to, complaint) => {
    expect((await complaints(planted(path, from, to))).join('\n')).toContain(complaint);
  });

  it.each([
    [LAMBDA, '!Ref Models', '!Ref Model', 'Model is neither parameter nor resource'],
    [LAMBDA, 'Condition: UsesHttpApi', 'Condition: UseHttpApi', 'there is no condition UseHttpApi'],
    [LAMBDA, 'HttpApi.ApiEndpoint', 'HttpApi.Endpoint', 'HttpApi.Endpoint is no attribute'],
    [FARGATE, '${Service.Name}', '${Service.Title}', 'Service.Title is no attribute'],
    [
      FARGATE,
      'DependsOn: HttpsListener',
      'DependsOn: Listener',
      'Service depends on Listener, which is none',
    ],
  ])('%s: %j as %j', async (path, from, to, complaint) => {
    expect((await loose(planted(path, from, to))).join('\n')).toContain(complaint);
  });

  it('finds a function that needs its own address', () => {
    expect(
      circles(
        planted(LAMBDA, 'HasPublicUrl, !Ref PublicUrl', 'HasPublicUrl, !GetAtt FunctionUrl.FunctionUrl'),
      ),
    ).toContain('FunctionUrl');
  });
});
