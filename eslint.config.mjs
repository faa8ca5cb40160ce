import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'src/database/client/', 'node_modules/', 'test/architecture/planted/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Nest's modules are classes with nothing but a decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
      // Nest reads constructor parameters' classes at run time: a type-only import would break injection.
      '@typescript-eslint/consistent-type-imports': 'off',
      // Named casts say more than a bang.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Raw SQL built from strings is how gateways leak: only tagged templates are allowed.
      'no-restricted-properties': [
        'error',
        ...['$queryRawUnsafe', '$executeRawUnsafe'].map((property) => ({
          property,
          message: 'Use the tagged template forms, which bind their values.',
        })),
        { object: 'Prisma', property: 'raw', message: 'It puts a text into SQL as it is: use Prisma.sql.' },
        { object: 'process', property: 'env', message: 'Only src/config reads the environment.' },
      ],
    },
  },
  {
    files: ['src/config/**', 'test/**', '*.config.ts', '**/*.spec.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
);
