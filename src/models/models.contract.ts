// The wire format of `/v1/models`: OpenAI's.
import { ApiProperty } from '@nestjs/swagger';

/** A model that callers may name. */
export class ModelObject {
  @ApiProperty({
    description: 'The name to send as `model`.',
    example: 'cerebro-phi3.5-vision-instruct',
  })
  id!: string;

  @ApiProperty({ enum: ['model'] })
  object!: 'model';

  @ApiProperty({
    type: 'integer',
    description:
      'Always 0, which says that the date is not known: models are listed without asking Replicate about them.',
    example: 0,
  })
  created!: number;

  @ApiProperty({ description: 'Whose model or deployment it is at Replicate.', example: 'jimothyjohn' })
  owned_by!: string;
}

/** All models that have a name here. */
export class ModelList {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [ModelObject] })
  data!: ModelObject[];
}
