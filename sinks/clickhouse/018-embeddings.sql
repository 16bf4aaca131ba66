-- The vector by which screening compares a problem with others, where embeddings are on: one whole number from -127 to 127
-- for each dimension. Only vectors of the same version are comparable.

ALTER TABLE problems
    ADD COLUMN IF NOT EXISTS embedding Array(Int8) CODEC(ZSTD(1)) AFTER language,
    ADD COLUMN IF NOT EXISTS embedding_version LowCardinality(Nullable(String)) AFTER embedding;
