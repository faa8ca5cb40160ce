// Hands a controller the models that the calling key is limited to.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Parameter of type `readonly string[]`: entries as those of `CEREBRO_MODELS`; empty where the key may ask all. */
export const AllowedModels = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { principal } = context
    .switchToHttp()
    .getRequest<{ principal?: { readonly models?: readonly string[] } }>();
  return principal?.models ?? [];
});
