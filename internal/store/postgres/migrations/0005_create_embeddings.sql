-- +goose Up

-- Similarity is each database's own: see internal/vector/pgvector. Vectors stand in a narrow table, and in the row itself rather than
-- beside it: the planner does not see what reading them from beside costs, and would scan them all.
CREATE TABLE embeddings (
    intent_id text NOT NULL PRIMARY KEY REFERENCES intents (id) ON DELETE CASCADE,
    tenant    text NOT NULL CHECK (tenant <> ''),
    embedder  text NOT NULL CHECK (embedder <> ''),
    vector    vector(1536) NOT NULL
);
ALTER TABLE embeddings ALTER COLUMN vector SET STORAGE PLAIN;
CREATE INDEX embeddings_tenant ON embeddings (tenant, embedder);

-- Words are found whether there is a vector or not: by their stems, and by their groups of three letters. How much each says is
-- weighed by the query, as in how many rows it stands. A list of what is not indexed yet would be read by every search.
CREATE TABLE embedding_words (
    intent_id text NOT NULL PRIMARY KEY REFERENCES intents (id) ON DELETE CASCADE,
    tenant    text NOT NULL CHECK (tenant <> ''),
    stems     tsvector NOT NULL,
    pieces    tsvector NOT NULL
);
CREATE INDEX embedding_words_tenant ON embedding_words (tenant);
CREATE INDEX embedding_words_stems ON embedding_words USING gin (stems) WITH (fastupdate = off);
CREATE INDEX embedding_words_pieces ON embedding_words USING gin (pieces) WITH (fastupdate = off);

-- Built in one process: before pgvector 0.8.2, several that build one index may write past their memory.
SET LOCAL max_parallel_maintenance_workers = 0;
CREATE INDEX embeddings_vector ON embeddings USING hnsw ((vector::halfvec(1536)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 64);
