-- What a model call cost and how it was made, beside what 001 has: tokens out of the prefix cache, US dollars (NULL
-- without a price), a first token of its own temperature, calls that went on with a cut text, thoughts that never closed.

ALTER TABLE problems
    ADD COLUMN IF NOT EXISTS cached_tokens UInt32 AFTER completion_tokens,
    ADD COLUMN IF NOT EXISTS first_temperature Nullable(Float64) AFTER temperature,
    ADD COLUMN IF NOT EXISTS continuations UInt16 AFTER attempts,
    ADD COLUMN IF NOT EXISTS usd Nullable(Float64) AFTER continuations,
    ADD COLUMN IF NOT EXISTS tag_cached_tokens UInt32 AFTER tag_completion_tokens,
    ADD COLUMN IF NOT EXISTS tag_attempts UInt16 AFTER tag_seconds,
    ADD COLUMN IF NOT EXISTS tag_usd Nullable(Float64) AFTER tag_attempts;

ALTER TABLE responses
    ADD COLUMN IF NOT EXISTS cached_tokens UInt32 AFTER completion_tokens,
    ADD COLUMN IF NOT EXISTS first_temperature Nullable(Float64) AFTER temperature,
    ADD COLUMN IF NOT EXISTS continuations UInt16 AFTER attempts,
    ADD COLUMN IF NOT EXISTS usd Nullable(Float64) AFTER continuations,
    ADD COLUMN IF NOT EXISTS thought LowCardinality(Nullable(String)) AFTER complete,
    ADD COLUMN IF NOT EXISTS reward_attempts Map(LowCardinality(String), UInt16) AFTER reward_seconds,
    ADD COLUMN IF NOT EXISTS reward_usd Map(LowCardinality(String), Float64) AFTER reward_attempts,
    ADD COLUMN IF NOT EXISTS reward_details Map(LowCardinality(String), String) AFTER reward_usd;
