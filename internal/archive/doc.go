// Package archive keeps house over a database and its blobs: backups and their restoring, garbage, what one tenant owns, and whether
// all that is referred to is there.
//
// It never opens a database (app does), never takes away a blob that a row speaks of or that was put a moment ago, and never writes
// where there is something already: a backup and an export are whole or not there, a restore begins in an empty folder.
//
// A backup is read as the hostile input that it may be: every entry is named and sized by the manifest, and nothing is written
// before all of it was read once.
//
// Arrows: qlp, store, blob; zstd from klauspost/compress.
package archive
