-- CreateEnum
CREATE TYPE "prediction_state" AS ENUM ('intent', 'sent', 'starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted', 'unknown', 'expired');

-- CreateEnum
CREATE TYPE "billing" AS ENUM ('nothing', 'run_time', 'tokens', 'unpriced', 'unknown');

-- CreateTable
CREATE TABLE "nodes" (
    "id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "predictions" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "model" TEXT NOT NULL,
    "upstream" TEXT NOT NULL,
    "version" TEXT,
    "input_digest" BYTEA NOT NULL,
    "images" INTEGER NOT NULL,
    "state" "prediction_state" NOT NULL DEFAULT 'intent',
    "upstream_id" TEXT,
    "durable" BOOLEAN NOT NULL DEFAULT false,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "node_id" UUID,
    "lease" UUID,
    "check_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "completed_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),
    "run_time_us" BIGINT,
    "prompt_tokens" INTEGER,
    "completion_tokens" INTEGER,
    "price" JSONB,
    "billing" "billing",
    "cost_nanos" BIGINT,
    "error" TEXT,

    CONSTRAINT "predictions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotent_calls" (
    "tenant_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "node_id" UUID NOT NULL,
    "lease" UUID NOT NULL,
    "status" INTEGER,
    "answer" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotent_calls_pkey" PRIMARY KEY ("tenant_id","key")
);

-- CreateTable
CREATE TABLE "stored_images" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "filename" TEXT,
    "purpose" TEXT,
    "media_type" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "size" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "stored_images_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "predictions_upstream_id_key" ON "predictions"("upstream_id");

-- CreateIndex
CREATE INDEX "predictions_tenant_id_id_idx" ON "predictions"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "predictions_tenant_id_fingerprint_created_at_idx" ON "predictions"("tenant_id", "fingerprint", "created_at");

-- CreateIndex
CREATE INDEX "predictions_open_idx" ON "predictions"("check_at") WHERE "settled_at" IS NULL;

-- CreateIndex
CREATE INDEX "predictions_unbound_idx" ON "predictions"("input_digest") WHERE "settled_at" IS NULL AND "upstream_id" IS NULL;

-- CreateIndex
CREATE INDEX "idempotent_calls_expires_at_idx" ON "idempotent_calls"("expires_at");

-- CreateIndex
CREATE INDEX "stored_images_tenant_id_id_idx" ON "stored_images"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "stored_images_expires_at_idx" ON "stored_images"("expires_at");

-- AddForeignKey
ALTER TABLE "predictions" ADD CONSTRAINT "predictions_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotent_calls" ADD CONSTRAINT "idempotent_calls_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stored_images" ADD CONSTRAINT "stored_images_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
