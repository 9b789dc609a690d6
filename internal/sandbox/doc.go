// Package sandbox is the room in which foreign code runs: what a model or a generator wrote, and the compilers that read
// it. It states the contract (Driver, Sandbox, Process), the limits, the result, and the one order in which facts about
// an execution become its Verdict. Drivers live in folders below; sandboxtest holds the hostile programs every driver
// must survive.
//
// It never runs anything on the host in a driver's place, never widens a limit, never opens a network, and never turns
// "this limit cannot be enforced" into silence: each Result says how every limit was held.
//
// Arrows: it imports the standard library and internal/qlp; drivers import it; only internal/app names a driver.
package sandbox
