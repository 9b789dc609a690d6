// Package field reads the values of a row from what a caller sent: each kind of value has its JSON form, its canonical form
// and its rules, and a Form gathers every rule that is broken.
//
// It knows no entity, no storage and no HTTP.
package field
