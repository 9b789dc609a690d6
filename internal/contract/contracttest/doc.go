// Package contracttest holds what proves that the contract's cases are right: sample Specs that every stack is tested with,
// and a reference service that serves any Spec in memory, with faults that can be planted one at a time.
//
// It never serves anyone but a test, keeps nothing, and shares no code with the stacks or with the cases that it judges: it
// is a third reading of docs/guide/service-contract.md.
//
// Arrows: qlp. Only tests import it.
package contracttest
