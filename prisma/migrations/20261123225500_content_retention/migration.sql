-- AlterTable
ALTER TABLE "tenants" ADD COLUMN     "retain_content_days" INTEGER;

-- CreateTable
CREATE TABLE "retained_contents" (
    "prediction_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "prompt" JSONB NOT NULL,
    "answer" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "retained_contents_pkey" PRIMARY KEY ("prediction_id")
);

-- CreateIndex
CREATE INDEX "retained_contents_tenant_id_prediction_id_idx" ON "retained_contents"("tenant_id", "prediction_id");

-- CreateIndex
CREATE INDEX "retained_contents_expires_at_idx" ON "retained_contents"("expires_at");

-- What follows is what Prisma cannot say.

ALTER TABLE "tenants" ADD CONSTRAINT "tenants_retain_content_days_check"
  CHECK ("retain_content_days" BETWEEN 1 AND 365);

-- A tenant reads what is kept of its calls; the gateway writes and removes it.
GRANT SELECT ON "retained_contents" TO cerebro_tenant;
ALTER TABLE "retained_contents" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "retained_contents" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));
