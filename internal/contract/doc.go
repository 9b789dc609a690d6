// Package contract is docs/guide/service-contract.md as code: from a Spec alone it derives the routes of the service, its
// OpenAPI file, values that each rule accepts and refuses, and the acceptance cases.
//
// It never looks at a stack or at generated code: whatever it says, it says before the code exists. It never does I/O, and
// the same Spec (and seed) always gives the same bytes.
//
// Arrows: qlp.
package contract
