-- attempt: how often the record has been given to its stage (attempts: calls within that pass). redriven_from: place
-- (partition/offset in the topic dead-letters) of the letter that the record was before.

ALTER TABLE dead_letters
    ADD COLUMN IF NOT EXISTS attempt UInt32 DEFAULT 1 AFTER attempts,
    ADD COLUMN IF NOT EXISTS redriven_from Nullable(String) AFTER attempt;
