// Writes docs/configuration.md and .env.example out of the catalogue of settings and what parseSettings says itself.
import { format } from 'prettier';
import { ARN_SUFFIX, FILE_SUFFIX, SETTING_GROUPS } from '../../src/config/setting-catalogue.js';
import type { SettingDescription } from '../../src/config/setting-description.js';
import { parseSettings, type Role } from '../../src/config/settings.js';

/** An environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What no variable takes that takes not just anything. */
export const NONSENSE = '☃';

/** All that production requires. */
export const PRODUCTION: Environment = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://cerebro@db/cerebro',
  REPLICATE_API_TOKEN: 'r8_0123456789abcdef',
  CEREBRO_ADMIN_KEY: 'admin-0123456789abcdef',
  CEREBRO_KEY_PEPPER: 'pepper-0123456789abcdef',
};

/** What is said of a variable in an environment: `must be …`; undefined where it is taken. */
export function complaintOn(name: string, env: Environment, role?: Role): string | undefined {
  try {
    parseSettings(env, role);
    return undefined;
  } catch (error) {
    const clauses = (error as Error).message.replace(/^Cerebro cannot start: |\.$/g, '').split('; ');
    return clauses.find((clause) => clause.startsWith(`${name} `))?.slice(name.length + 1);
  }
}

/** What a variable has to look like: as it is told to whoever has set it wrong, else as the catalogue says. */
export function formOf(name: string, { form, readBy }: SettingDescription): string {
  const told = readBy === undefined ? complaintOn(name, { [name]: NONSENSE }) : undefined;
  if (told === undefined) return form ?? '';
  return told
    .replace(/^must be /, '')
    .replace(/^must hold entries such as (.*)$/, 'entries such as $1; several are separated by commas');
}

/** Who cannot do without a variable in production, or that nobody may set it there. */
export function inProduction(name: string): string {
  const missing = { ...PRODUCTION, [name]: undefined };
  const [gateway, command, migration] = (['gateway', 'command', 'migration'] as const).map((role) =>
    complaintOn(name, missing, role)?.startsWith('is required'),
  );
  if (gateway)
    return migration ? 'required' : command ? 'required, but for migrations' : 'required by gateways';
  return complaintOn(name, { ...PRODUCTION, [name]: NONSENSE })?.startsWith('must not be set')
    ? 'refused'
    : '';
}

/** The text of docs/configuration.md. */
export async function referenceText(): Promise<string> {
  const groups = SETTING_GROUPS.map(({ title, settings }) => {
    const rows = Object.entries(settings).map(([name, description]) => row(name, description));
    const head = '| variable | meaning | form | default | in production |\n| --- | --- | --- | --- | --- |';
    return `## ${title}\n\n${head}\n${rows.join('\n')}\n`;
  });
  return format([introduction, ...groups].join('\n'), { parser: 'markdown', printWidth: 110 });
}

/** The text of .env.example. */
export function exampleText(): string {
  const groups = SETTING_GROUPS.map(({ title, settings }) => {
    const entries = Object.entries(settings).map(([name, description]) => exampleEntry(name, description));
    return `## ${title}\n\n${entries.join('\n\n')}\n`;
  });
  return [exampleIntroduction, ...groups].join('\n');
}

const introduction = `# Configuration

<!-- Made out of src/config by \`npm run configuration\`: do not edit. -->

Cerebro reads its settings at start, from the environment and, below it, from \`.env\` in the working folder. What is wrong is
told in one line that names every bad variable and prints no value, and nothing is started. A variable that is empty
counts as not set. A name that begins with \`CEREBRO_\` and is not on this page is warned of. Outside production nothing is
required.

- **Times** are \`90\`, \`90s\`, \`1500ms\`, \`10m\`, \`1h\` or \`400d\`; a bare number is seconds.
- **Secrets** (🔒) may come from elsewhere: \`X${FILE_SUFFIX}\` names a file whose content is the value of X, as Docker
  and Kubernetes mount secrets; \`X${ARN_SUFFIX}\` names a secret in AWS Secrets Manager by its ARN, with \`#key\` behind it
  for one key of a JSON secret. One of the three at most.
- **Commands** (\`npm run cli\`) read the same variables; what is required by gateways alone, they do without.
`;

const exampleIntroduction = `# Every variable that Cerebro reads. Copy to .env, or set them in the environment, which wins.
# Made out of src/config by \`npm run configuration\`; docs/configuration.md says the form of each.
# Outside production nothing is required: what is missing is made up for and kept in CEREBRO_DATA_DIR.
# Each secret X may come from a file (X${FILE_SUFFIX}) or from AWS Secrets Manager (X${ARN_SUFFIX}).
`;

function row(name: string, description: SettingDescription): string {
  const { summary, secret, see, readBy } = description;
  const meaning = [summary, readBy && `Read by ${readBy}.`, see && `See [${pageName(see)}](${see}).`].filter(
    Boolean,
  );
  const cells = [
    `\`${name}\`${secret ? ' 🔒' : ''}`,
    meaning.join(' '),
    formOf(name, description),
    defaultText(description),
    inProduction(name),
  ];
  return `| ${cells
    .map((cell) =>
      cell
        .replaceAll('|', '\\|')
        .replaceAll('<', '\\<')
        .replace(/(^|\s)\*(?=\s|,|$)/g, '$1`*`'),
    )
    .join(' | ')} |`;
}

function defaultText({ default: value, absent }: SettingDescription): string {
  if (value === undefined) return absent ?? '';
  if (typeof value === 'string') return `\`${value}\``;
  return `\`${value.otherwise}\`; in production \`${value.production}\``;
}

function exampleEntry(name: string, description: SettingDescription): string {
  const { summary, default: value, absent, example = '', see } = description;
  const rule = inProduction(name);
  const instead = absent && absent !== 'none' && `Not set: ${absent}.`;
  const text = [summary, instead, rule && `In production: ${rule}.`, see && `See docs/${see}.`]
    .filter(Boolean)
    .join(' ');
  const shown = typeof value === 'object' ? value.otherwise : (value ?? example);
  return `${wrapped(text.replaceAll('`', ''))}\n# ${name}=${shown}`;
}

function pageName(see: string): string {
  return see.replace(/#.*$/, '');
}

/** A comment, in lines of at most 116 characters. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 115) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}
