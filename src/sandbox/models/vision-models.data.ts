// Ten public vision models with the schemas and version ids that Replicate publishes for them.
// Kept because their inputs are named so differently; the default model has its own file.
import type { PublishedModel } from './published-model.js';

/** Community vision models: one picture, several, numbered ones, lists; string, stream and list outputs. */
export const visionModels: readonly PublishedModel[] = [
  {
    owner: 'salesforce',
    name: 'blip',
    official: false,
    runCount: 124360692,
    versions: [
      {
        id: '2e1dddc8621f72155f24cf2e0adbde548458d3cab9f00c0139eea840d0ac4746',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['image'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            task: {
              default: 'image_captioning',
              'x-order': 1,
              allOf: [{ $ref: '#/components/schemas/task' }],
            },
            question: { type: 'string', 'x-order': 2 },
            caption: { type: 'string', 'x-order': 3 },
          },
        },
        output: { type: 'string' },
        choices: { task: ['image_captioning', 'visual_question_answering', 'image_text_matching'] },
      },
    ],
  },
  {
    owner: 'yorickvp',
    name: 'llava-13b',
    official: false,
    runCount: 21288767,
    versions: [
      {
        id: '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['image', 'prompt'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            prompt: { type: 'string', 'x-order': 1 },
            top_p: { type: 'number', default: 1, minimum: 0, maximum: 1, 'x-order': 2 },
            temperature: { type: 'number', default: 0.2, minimum: 0, 'x-order': 3 },
            max_tokens: { type: 'integer', default: 1024, minimum: 0, 'x-order': 4 },
          },
        },
        output: {
          type: 'array',
          items: { type: 'string' },
          'x-cog-array-type': 'iterator',
          'x-cog-array-display': 'concatenate',
        },
      },
    ],
  },
  {
    owner: 'lucataco',
    name: 'moondream2',
    official: false,
    runCount: 246106,
    versions: [
      {
        id: '72ccb656353c348c1385df54b237eeb7bfa874bf11486cf0b9473e691b662d31',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['image'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            prompt: { type: 'string', default: 'Describe this image', 'x-order': 1 },
          },
        },
        output: {
          type: 'array',
          items: { type: 'string' },
          'x-cog-array-type': 'iterator',
          'x-cog-array-display': 'concatenate',
        },
      },
    ],
  },
  {
    owner: 'zsxkib',
    name: 'blip-3',
    official: false,
    runCount: 1006208,
    versions: [
      {
        id: '499bec581d8f64060fd695ec0c34d7595c6824c4118259aa8b0788e0d2d903e1',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['image'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            question: { type: 'string', default: 'What is shown in the image?', 'x-order': 1 },
            context: { type: 'string', 'x-order': 2 },
            caption: { type: 'boolean', default: false, 'x-order': 3 },
            system_prompt: {
              type: 'string',
              default:
                "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.",
              'x-order': 4,
            },
            max_new_tokens: { type: 'integer', default: 768, minimum: 1, maximum: 2048, 'x-order': 5 },
            num_beams: { type: 'integer', default: 1, minimum: 1, maximum: 10, 'x-order': 6 },
            temperature: { type: 'number', default: 1, minimum: 0.5, maximum: 1, 'x-order': 7 },
            top_k: { type: 'integer', default: 50, minimum: 1, 'x-order': 8 },
            top_p: { type: 'number', default: 1, minimum: 0, maximum: 1, 'x-order': 9 },
            repetition_penalty: { type: 'number', default: 1, minimum: 0, 'x-order': 10 },
            length_penalty: { type: 'number', default: 1, minimum: 0, 'x-order': 11 },
            do_sample: { type: 'boolean', default: false, 'x-order': 12 },
          },
        },
        output: { type: 'string' },
      },
    ],
  },
  {
    owner: 'nomagick',
    name: 'qwen-vl-chat',
    official: false,
    runCount: 1054,
    versions: [
      {
        id: 'e48b42673e1ad0adb765d2a2783338960c0f8a2453ca5aab1445b4afc69749dd',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          properties: {
            prompt: {
              type: 'string',
              default:
                '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n<|im_start|>user\nGiven this image: <img>image1</img>, point out where the dog is<|im_end|>\n<|im_start|>assistant\n',
              'x-order': 0,
            },
            image1: { type: 'string', format: 'uri', 'x-order': 1 },
            max_tokens: { type: 'integer', default: 2048, minimum: 1, maximum: 8192, 'x-order': 2 },
            temperature: { type: 'number', default: 0.75, minimum: 0, maximum: 5, 'x-order': 3 },
            top_p: { type: 'number', default: 0.8, minimum: 0, maximum: 1, 'x-order': 4 },
            image2: { type: 'string', format: 'uri', 'x-order': 5 },
            image3: { type: 'string', format: 'uri', 'x-order': 6 },
            files_archive: { type: 'string', format: 'uri', 'x-order': 7 },
          },
        },
        output: {
          type: 'array',
          items: { type: 'string' },
          'x-cog-array-type': 'iterator',
          'x-cog-array-display': 'concatenate',
        },
      },
    ],
  },
  {
    owner: 'hayooucom',
    name: 'vision-llama3',
    official: false,
    runCount: 244,
    versions: [
      {
        id: '26d113799e1efd638526bc541ba79241b786354388355beb79c249fd8a22d35c',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          properties: {
            prompt: { type: 'string', default: 'hello ,who are you?', 'x-order': 0 },
            max_new_tokens: { type: 'integer', default: 200, minimum: 1, maximum: 128000, 'x-order': 1 },
            max_tokens: { type: 'integer', default: 45000, minimum: 1, maximum: 128000, 'x-order': 2 },
            temperature: { type: 'number', default: 0.1, minimum: 0, maximum: 5, 'x-order': 3 },
            top_p: { type: 'number', default: 1, minimum: 0.01, maximum: 1, 'x-order': 4 },
            top_k: { type: 'integer', default: 1, 'x-order': 5 },
            repetition_penalty: { type: 'number', default: 1.1, minimum: 0.01, maximum: 10, 'x-order': 6 },
            system_prompt: { type: 'string', default: 'You are a helpful AI assistant.', 'x-order': 7 },
            image_url: { type: 'array', items: { type: 'string' }, default: [], 'x-order': 8 },
            image_base64: { type: 'array', items: { type: 'string' }, default: [], 'x-order': 9 },
            seed: { type: 'integer', 'x-order': 10 },
          },
        },
        output: {
          type: 'array',
          items: { type: 'string' },
          'x-cog-array-type': 'iterator',
          'x-cog-array-display': 'concatenate',
        },
      },
    ],
  },
  {
    owner: 'chenxwh',
    name: 'cogvlm2',
    official: false,
    runCount: 378,
    versions: [
      {
        id: '6d0394ab8fd98efb399c29c03c84c29f1d43c0259c6ee63d12f44def476c92b2',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['input_image'],
          properties: {
            input_image: { type: 'string', format: 'uri', 'x-order': 0 },
            prompt: { type: 'string', default: 'Describe this image.', 'x-order': 1 },
            top_p: { type: 'number', default: 0.9, minimum: 0, maximum: 1, 'x-order': 2 },
            temperature: { type: 'number', default: 0.7, minimum: 0, 'x-order': 3 },
            max_new_tokens: { type: 'integer', default: 2048, minimum: 0, 'x-order': 4 },
          },
        },
        output: { type: 'string' },
      },
    ],
  },
  {
    owner: 'justmalhar',
    name: 'meta-llama-3.2-11b-vision',
    official: false,
    runCount: 203,
    versions: [
      {
        id: 'd48ad671cbc5f6e0c848f455ac2ca7280953fe1cf4039a010968f1cb19b0936f',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['image', 'prompt'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            prompt: { type: 'string', 'x-order': 1 },
            temperature: { type: 'number', default: 0.7, minimum: 0, maximum: 1, 'x-order': 2 },
            top_p: { type: 'number', default: 0.95, minimum: 0, maximum: 1, 'x-order': 3 },
          },
        },
        output: { type: 'array', items: { type: 'string' } },
      },
    ],
  },
  {
    owner: 'hexiaochun',
    name: 'minicpm_v26',
    official: false,
    runCount: 371,
    versions: [
      {
        id: '448756a7ca13d59b63384116ce755a677c3b5526173b5585bb58ab221f844d7f',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['file_url'],
          properties: {
            file_type: {
              default: 'image',
              'x-order': 0,
              allOf: [{ $ref: '#/components/schemas/file_type' }],
            },
            file_url: { type: 'string', format: 'uri', 'x-order': 1 },
            prompt: { type: 'string', default: '', 'x-order': 2 },
          },
        },
        output: { type: 'string' },
        choices: { file_type: ['image', 'video'] },
      },
    ],
  },
  {
    owner: 'baaivision',
    name: 'emu3-chat',
    official: false,
    runCount: 24,
    versions: [
      {
        id: '52034986454b08979c0fcb855175ec26a2fd8d40b3ac90913275917c504ea7a4',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          properties: {
            text: { type: 'string', default: 'Please describe the image.', 'x-order': 0 },
            image: { type: 'string', format: 'uri', default: 'Input image', 'x-order': 1 },
            temperature: { type: 'number', default: 0.7, minimum: 0, maximum: 1, 'x-order': 2 },
            top_p: { type: 'number', default: 0.9, minimum: 0, maximum: 1, 'x-order': 3 },
            max_new_tokens: { type: 'integer', default: 256, minimum: 1, 'x-order': 4 },
          },
        },
        output: { type: 'string' },
      },
    ],
  },
];
