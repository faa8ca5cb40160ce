import { Module } from '@nestjs/common';
import { StructuredOutput } from './structured-output.service.js';

/** Answers that have to be JSON. */
@Module({ providers: [StructuredOutput], exports: [StructuredOutput] })
export class StructuredOutputModule {}
