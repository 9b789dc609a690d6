// Package chaos proves that nothing is lost: it plays intents through the real binary while the binary's processes are
// killed and frozen, their connections to the database cut and their disk filled, and then audits what is left.
//
// It never helps the product along: what it does to be heard is what any caller may do, which is to call again with the
// same idempotency key and to come back to a stream with the last sequence number. The auditor never changes what it
// looks at.
//
// Arrows: client, and qlp's types; the drivers of both databases, to read what the product has written.
package chaos
