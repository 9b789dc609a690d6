// Package offline turns words into vectors by feature hashing: whole words, their stems, pairs of words, and groups of three to
// five letters, each added to two places of the vector.
//
// It never asks anybody and knows no meaning: it finds the same words and words that are spelled alike, no synonyms. It never
// depends on what a user has stored: the weights of words are a table in this package, because vectors of one version must stay
// comparable for ever. Whoever changes anything that changes a vector changes ID.
//
// Arrows: embedding, qlp, spelling.
package offline
