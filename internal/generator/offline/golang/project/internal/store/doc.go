// Package store keeps rows: in memory for reading, and in a journal on disk before any write is answered.
//
// A write is one transaction: it changes all that it must or nothing, and it is answered once its record is on disk.
// Writers that come at the same time share one fsync. A snapshot now and then lets old journals go. An answer to a reader
// never holds what is not on disk yet.
//
// It knows the entities through schema.go alone, and nothing of HTTP.
package store
