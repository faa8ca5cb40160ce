// `/v1/models`.
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { GetRest, RestOfPath } from '../http/rest-of-path.js';
import { AllowedModels } from './allowed-models.decorator.js';
import { ModelCatalogue } from './catalogue.service.js';
import { ModelList, ModelObject } from './models.contract.js';
import { toModelObject } from './models.mapper.js';

const CREDENTIALS = ['missing_api_key', 'invalid_api_key', 'insufficient_permissions'] as const;

/** OpenAI's models: those that callers may name. Asks nobody else. */
@ApiTags('Models')
@Requires('inference')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly catalogue: ModelCatalogue) {}

  @Get()
  @ApiOperation({
    operationId: 'listModels',
    summary: 'List the models',
    description:
      'The default model first, then the others that have a name here. Where the operator allows whole owners or all of Replicate, further models can be asked by their names at Replicate.',
  })
  @ApiOkResponse({ type: ModelList })
  @ApiErrors(...CREDENTIALS)
  list(@AllowedModels() allowed: readonly string[]): ModelList {
    return { object: 'list', data: this.catalogue.list(allowed).map(toModelObject) };
  }

  @GetRest({
    name: 'model',
    description: 'A name from the list, or any other that is allowed. Its slashes may be percent-encoded.',
    example: 'cerebro-phi3.5-vision-instruct',
  })
  @ApiOperation({
    operationId: 'getModel',
    summary: 'Read a model',
    description:
      'Tells whether a name may be sent as `model`. Where whole owners are allowed, it does not tell whether Replicate has a model of that name.',
  })
  @ApiOkResponse({ type: ModelObject })
  @ApiErrors(...CREDENTIALS, 'model_not_found')
  get(@RestOfPath() name: string, @AllowedModels() allowed: readonly string[]): ModelObject {
    return toModelObject(this.catalogue.resolve(name, allowed));
  }
}
