-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "unsupported_params" TEXT;

-- Prisma knows no checks.
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_unsupported_params_check" CHECK ("unsupported_params" IN ('refuse', 'drop'));
