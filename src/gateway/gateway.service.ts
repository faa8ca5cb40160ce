// The one road that every request takes: resolve the model, plan, load the images, ask, settle. Doors know
// only this.
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { ApiError } from '../errors/api-error.js';
import type { Call, UnsupportedParams } from '../inference/call.js';
import { type InferencePlan, InferenceProvider } from '../inference/inference.js';
import { UpstreamAccounts } from '../inference/upstream-account.js';
import { ModelCatalogue } from '../models/catalogue.service.js';
import { withInstructions } from '../structured-output/instructions.js';
import { StructuredOutput } from '../structured-output/structured-output.service.js';
import { AdmissionGroup } from '../predictions/admission-group.js';
import { countTokens } from '../tokenizer/llama-tokenizer.js';
import { type ChoiceAnswer, together } from './answers.js';
import { CallTelemetry } from './call-telemetry.service.js';
import { Channel } from './channel.js';
import { type Attempt, Choices } from './choices.service.js';
import { ImagesForPlan } from './images-for-plan.js';
import { Material } from './material.js';
import type { AnswerEvent, Answers, DoorRequest, Question } from './question.js';
import { StructuredAnswers } from './structured-answers.service.js';

/** Answers one choice of a question, by its position. */
type AnswerChoice = (choice: number, call: Call) => Promise<ChoiceAnswer>;

/** The gateway. */
@Injectable()
export class Gateway implements OnModuleInit {
  private readonly unsupportedParams: UnsupportedParams;

  constructor(
    private readonly models: ModelCatalogue,
    private readonly provider: InferenceProvider,
    private readonly images: ImagesForPlan,
    private readonly choices: Choices,
    private readonly structuredAnswers: StructuredAnswers,
    private readonly structured: StructuredOutput,
    private readonly accounts: UpstreamAccounts,
    private readonly telemetry: CallTelemetry,
    settings: SettingsService,
  ) {
    this.unsupportedParams = settings.get('unsupportedParams', { infer: true });
  }

  /** Reads the vocabulary now, so that no caller waits for it. */
  onModuleInit(): void {
    countTokens(' ');
  }

  /**
   * Holds a request against the model that it names. Costs nothing.
   *
   * @throws {ApiError} naming the parameter that is at fault
   */
  async plan(
    { modelName, images, choices = 1, form, unsupported = [], ...asked }: DoorRequest,
    call: Call,
  ): Promise<Question> {
    const model = this.models.resolve(modelName, call.models);
    this.telemetry.asked(call, model, { ...asked, choices, form });
    const dropsUnsupported = (call.unsupportedParams ?? this.unsupportedParams) === 'drop';
    const [param] = unsupported;
    if (param !== undefined && !dropsUnsupported) throw refused(param);
    if (form) await this.structured.check(form);
    const prompt = form ? withInstructions(form, asked.prompt) : asked.prompt;
    const account = await this.accounts.of(call.tenantId);
    const request = {
      ...asked,
      ...(account && { account }),
      prompt,
      model,
      imageCount: images.length,
      dropsUnsupported,
      choices,
    };
    const plan = this.withPrice(await this.provider.plan(request, call.signal));
    const plans = await this.plansOf(plan, choices, call.signal);
    return { plan, plans, images, choices, form, dropped: [...unsupported, ...plan.dropped] };
  }

  /**
   * Answers a question.
   *
   * @throws {ApiError} every failure; one of a single choice too, since what is left would not be what was asked for
   */
  answer(question: Question, call: Call): Promise<Answers> {
    const { form } = question;
    const attemptOf = this.attemptsOf(question, call);
    return this.answerAll(question, call, (choice, own) => {
      const attempt = attemptOf(choice);
      if (form) return this.structuredAnswers.answer(form, attempt, own);
      return this.choices.answer(attempt, own);
    });
  }

  /**
   * Answers a question piece by piece: as the model makes them where it streams, else each answer when it is there.
   * An answer in a form comes whole, after it has been checked. Whoever stops listening ends the predictions.
   *
   * @param onAttempts told before the first piece how many predictions an answer in a form took
   * @throws {ApiError} every failure, also after the first pieces
   */
  async *stream(
    question: Question,
    call: Call,
    onAttempts?: (attempts: number) => void,
  ): AsyncGenerator<AnswerEvent, Answers, undefined> {
    const channel = new Channel<AnswerEvent>();
    const listening = new AbortController();
    const own = { ...call, signal: AbortSignal.any([call.signal, listening.signal]) };
    const answers = this.answerInto({ channel, onAttempts }, question, own);
    answers.then(
      () => channel.close(),
      (error: unknown) => channel.fail(error),
    );
    try {
      yield* channel.values();
      return await answers;
    } finally {
      listening.abort(new ApiError('client_closed_request'));
    }
  }

  private answerInto(
    { channel, onAttempts }: { channel: Channel<AnswerEvent>; onAttempts?: (attempts: number) => void },
    question: Question,
    call: Call,
  ): Promise<Answers> {
    const { form } = question;
    const attemptOf = this.attemptsOf(question, call);
    return this.answerAll(question, call, async (choice, own) => {
      const attempt = attemptOf(choice);
      const say = (text: string, id: string) => channel.write({ kind: 'text', choice, id, text });
      const answer = await (form
        ? this.structuredAnswers.answer(form, attempt, own)
        : this.choices.live(attempt, own, say));
      const { id, text, finishReason } = answer.choice;
      if (form) {
        onAttempts?.(answer.usages.length);
        await say(text, id);
      }
      await channel.write({ kind: 'end', choice, id, finishReason });
      return answer;
    });
  }

  /** All choices, and the caller's limits told of what they have used. */
  private async answerAll(question: Question, call: Call, answer: AnswerChoice): Promise<Answers> {
    const answers = together(question.plan.request.model, await choicesOf(question, call, answer));
    call.onUsage?.(answers.usage);
    this.telemetry.answered(answers);
    return answers;
  }

  /** The same seed would buy the same answer again: each choice has its own. */
  private plansOf(plan: InferencePlan, choices: number, signal: AbortSignal): Promise<InferencePlan[]> {
    const { request } = plan;
    const { seed } = request;
    const planOf = async (choice: number): Promise<InferencePlan> => {
      if (choice === 0 || seed === undefined) return plan;
      const next = seed + choice <= Number.MAX_SAFE_INTEGER ? seed + choice : seed - choice;
      return this.withPrice(await this.provider.plan({ ...request, seed: next }, signal));
    };
    return Promise.all(Array.from({ length: choices }, (_, choice) => planOf(choice)));
  }

  /** The first attempt at each choice, with the images that they share. */
  private attemptsOf({ plan, plans, images, choices }: Question, call: Call): (choice: number) => Attempt {
    const material = new Material({ images: this.images, provider: this.provider }, images, call);
    // Of a call that joins, some may have their predictions already.
    const group = choices > 1 && !call.mayJoin ? new AdmissionGroup(choices) : undefined;
    return (choice) => ({ plan: plans[choice] ?? plan, material, choice, again: 0, group });
  }

  private withPrice(plan: InferencePlan): InferencePlan {
    return { ...plan, price: plan.price ?? this.models.listPrice(plan.hardware) };
  }
}

/** All choices at the same time. The first that fails ends the others. */
async function choicesOf(
  { choices }: Question,
  call: Call,
  answer: AnswerChoice,
): Promise<[ChoiceAnswer, ...ChoiceAnswer[]]> {
  if (choices === 1) return [await answer(0, call)];
  const failing = new AbortController();
  const own = { ...call, signal: AbortSignal.any([call.signal, failing.signal]) };
  const one = (choice: number) =>
    answer(choice, own).catch((error: unknown) => {
      failing.abort(error);
      throw error;
    });
  const [first, ...others] = Array.from({ length: choices }, (_, choice) => one(choice));
  return Promise.all([first as Promise<ChoiceAnswer>, ...others]);
}

function refused(param: string): ApiError {
  return new ApiError('unsupported_parameter', {
    param,
    message: `Unsupported parameter: '${param}' is not supported here.`,
  });
}
