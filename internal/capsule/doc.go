// Package capsule packs a project with its evidence into one signed file, reads such files as the hostile input that they
// are, checks them offline from the file alone, and runs their recorded commands again.
//
// It never executes anything itself (a rerun goes through the validator, in a sandbox), never trusts a name, a size or a
// verdict that a file states, and never writes outside the folder that it was given.
//
// Arrows: qlp, validator (its Report and its interface), the DSSE and CycloneDX libraries.
package capsule
