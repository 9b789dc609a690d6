// Package qlp is the centre of the house: the nouns every room speaks in (Intent, Spec, Plan, Task, Attempt,
// Execution, Check, Verdict, Event), the state machines they move through, the rules of the task graph, and the
// codes that errors carry.
//
// It never does I/O, and it never knows SQL, HTTP, a vendor or a driver: whatever can be decided from values alone
// is decided here, so that it can be tested without a machine.
//
// Arrows: it imports the standard library and nothing else; every other room may import it.
package qlp
