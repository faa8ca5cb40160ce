// Descriptions of the variables about models, pictures and answers: what is asked of Replicate, and how.
import type { SettingGroup } from './setting-description.js';

/** Groups of the reference, in its order. */
export const UPSTREAM_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Replicate',
    settings: {
      REPLICATE_API_TOKEN: {
        summary: 'Token of the account at Replicate that pays.',
        absent: "the sandbox answers in Replicate's place",
        secret: true,
      },
      REPLICATE_BASE_URL: {
        summary:
          "Where Replicate's API is; without a path, `/v1` is meant. Not used without `REPLICATE_API_TOKEN`.",
        default: 'https://api.replicate.com/v1',
      },
      CEREBRO_PUBLIC_URL: {
        summary:
          'Where Replicate reaches this gateway, for webhooks and for pictures; `https:` in production. Without it, models that fetch addresses themselves, as the default one does, take no data URIs, base64 or uploaded files.',
        absent: 'predictions are asked about, since no webhook can come',
        example: 'https://cerebro.example.com',
        see: 'images.md',
      },
      CEREBRO_PREDICTION_TIMEOUT: {
        summary:
          'How long one prediction may take, boot included, before it is cancelled. What a budget holds for it grows with it.',
        default: '10m',
        see: 'limits.md#budgets',
      },
      CEREBRO_CREATES_PER_MINUTE: {
        summary:
          'Creates that this node sends to Replicate in any minute. Replicate takes 600 an account: divide by the nodes.',
        default: '600',
      },
      CEREBRO_MODEL_CONCURRENCY: {
        summary:
          'Predictions of one model that this node waits for at the same time; further ones get 503 `model_overloaded`.',
        default: '1000',
      },
    },
  },
  {
    title: 'Models',
    settings: {
      REPLICATE_MODEL_VERSION: {
        summary: 'The version of the default model.',
        default: 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17',
      },
      CEREBRO_MODELS: {
        summary:
          'Which models callers may name besides the default one and the aliases: also `deployments/owner/name`.',
        absent: 'none',
        example: 'yorickvp/llava-13b,deployments/acme/vision',
        see: 'models.md',
      },
      CEREBRO_MODELS_FILE: {
        summary: 'A JSON file with aliases, pinned versions, prices and settings of models.',
        form: 'a path',
        absent: 'none',
        example: 'models.json',
        see: 'models.md',
      },
      CEREBRO_DEFAULT_HARDWARE: {
        summary:
          'The hardware whose list price holds for models that neither the file nor Replicate prices. Without it they have no price, and keys with a budget cannot ask them.',
        form: "a name of Replicate's hardware",
        absent: 'none; with the sandbox `gpu-l40s`',
        example: 'gpu-l40s',
        see: 'models.md',
      },
    },
  },
  {
    title: 'Pictures and answers',
    settings: {
      CEREBRO_IMAGE_MODE: {
        summary:
          "`passthrough`: Replicate fetches callers' images itself. `fetch`: they are downloaded, checked and handed on; models that fetch addresses themselves, as the default one does, then need `CEREBRO_PUBLIC_URL`.",
        default: 'passthrough',
        see: 'images.md',
      },
      CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS: {
        summary: 'Private hosts that images may come from.',
        absent: 'none',
        example: '127.0.0.1:8080',
      },
      CEREBRO_UNSUPPORTED_PARAMS: {
        summary:
          "What becomes of OpenAI parameters that a model cannot honour, where the caller's key does not say: `refuse` is an error that names the parameter; `drop` leaves it out and lists it in `x-cerebro-dropped-params`.",
        default: 'refuse',
        see: 'openai.md',
      },
      CEREBRO_STRUCTURED_RETRIES: {
        summary: 'How often a model is asked again for JSON that it got wrong; each time is billed.',
        default: '1',
        see: 'structured-output.md',
      },
      CEREBRO_STREAM_HEARTBEAT: {
        summary:
          "The longest silence on a stream before a comment keeps it alive: shorter than any proxy's idle timeout.",
        default: '10s',
        see: 'openai.md',
      },
    },
  },
];
