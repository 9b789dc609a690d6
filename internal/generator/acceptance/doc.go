// Package acceptance writes the acceptance tests of a project: the cases that follow from the Spec, as data, and a runner in
// the language of the stack that plays them against the real process, races it and kills it.
//
// It never sees the code that it tests, nor the generator that writes it, and a repair never changes what it wrote: the same
// Spec gives the same bytes.
//
// Arrows: generator, contract, qlp.
package acceptance
