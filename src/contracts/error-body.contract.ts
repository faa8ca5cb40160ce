// The body of every error, as OpenAI's clients expect it.
import { ApiProperty } from '@nestjs/swagger';

/** What went wrong. */
export class ErrorDetail {
  @ApiProperty({ description: 'What went wrong, for people.', example: "Unknown parameter: 'foo'." })
  message!: string;

  @ApiProperty({ description: 'The family of the error.', example: 'invalid_request_error' })
  type!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The parameter at fault.', example: 'foo' })
  param!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The error, for programs.',
    example: 'unknown_parameter',
  })
  code!: string | null;
}

/** An error as OpenAI's API answers it. */
export class ErrorBody {
  @ApiProperty({ type: ErrorDetail })
  error!: ErrorDetail;
}
