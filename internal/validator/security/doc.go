// Package security is the layer that looks for what should not be handed over: secrets in files, dangerous code, unsafe
// container settings.
//
// It never writes a secret anywhere: a finding names the rule and the place. It never runs an analyser that loads foreign
// code outside the sandbox, and never lets the code under scan switch a rule off by a comment unseen.
//
// Arrows: qlp, sandbox, record, diagnose, redact (whose detector it shares); its tool gosectool runs in the sandbox.
package security
