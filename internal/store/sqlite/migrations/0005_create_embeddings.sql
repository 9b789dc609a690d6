-- +goose Up

-- Similarity is each database's own: see internal/vector/sqlite. Here, codes that a search reads whole stand apart from vectors, of
-- which it reads a few, and words from both.
CREATE TABLE embeddings (
    n         integer PRIMARY KEY,
    intent_id text NOT NULL UNIQUE REFERENCES intents (id) ON DELETE CASCADE,
    tenant    text NOT NULL CHECK (tenant <> ''),
    embedder  text NOT NULL,
    code      blob,
    CHECK (code IS NULL OR length(code) = 192)
);
CREATE INDEX embeddings_tenant ON embeddings (tenant, embedder);
CREATE INDEX embeddings_embedder ON embeddings (embedder);

CREATE TABLE embedding_vectors (
    n      integer PRIMARY KEY REFERENCES embeddings (n) ON DELETE CASCADE,
    vector blob NOT NULL CHECK (length(vector) = 6144)
);

-- What the codes of an embedder are centred on. It is never changed: the codes would have to be made anew.
CREATE TABLE embedding_means (
    embedder text NOT NULL PRIMARY KEY,
    mean     blob NOT NULL CHECK (length(mean) = 6144)
);

CREATE VIRTUAL TABLE embedding_stems USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE embedding_trigrams USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'trigram', detail = 'none', columnsize = 1);
CREATE VIRTUAL TABLE embedding_stem_terms USING fts5vocab ('embedding_stems', 'row');
CREATE VIRTUAL TABLE embedding_trigram_terms USING fts5vocab ('embedding_trigrams', 'row');

-- +goose StatementBegin
CREATE TRIGGER embeddings_deleted AFTER DELETE ON embeddings BEGIN
    DELETE FROM embedding_stems WHERE rowid = old.n;
    DELETE FROM embedding_trigrams WHERE rowid = old.n;
END;
-- +goose StatementEnd
