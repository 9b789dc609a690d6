// Package httpapi answers HTTP requests with rows or with problems (RFC 9457).
//
// routes.go says which paths there are; the other files serve any entity. It knows the rules of values only through the
// entities' Fill, and rows only through the store.
package httpapi
