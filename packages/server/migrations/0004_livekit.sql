CREATE TABLE "avatar_credentials" (
	"organization_id" text NOT NULL,
	"vendor" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"display_prefix" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "avatar_credentials_organization_id_vendor_pk" PRIMARY KEY("organization_id","vendor")
);
--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "framing" jsonb DEFAULT '{"scale":1,"x":0,"y":0,"crop":"none"}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "keying" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "render" text DEFAULT 'client' NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "livekit_room" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "livekit_identity" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "avatar_reference" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "opening_said_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "templates" ADD COLUMN "framing" jsonb DEFAULT '{"scale":1,"x":0,"y":0,"crop":"none"}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "templates" ADD COLUMN "keying" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "templates" ADD COLUMN "render" text DEFAULT 'client' NOT NULL;--> statement-breakpoint
ALTER TABLE "avatar_credentials" ADD CONSTRAINT "avatar_credentials_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_livekit_room" ON "sessions" USING btree ("livekit_room") WHERE "sessions"."status" in ('starting', 'live');