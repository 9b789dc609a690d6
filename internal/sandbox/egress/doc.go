// Package egress is the one door out of a sandbox: an HTTP proxy that serves the connections of Spec.Egress. It lets
// package managers reach the registries that it was told of, and writes down every decision.
//
// It never decides by anything but the destination: a name must be on the list, the address that it resolves to, once and
// here, must be a public one, and the name in the TLS greeting must be the same name. It never carries a password, never
// follows a redirect, and an empty list lets nothing through.
//
// Arrows: qlp, the standard library, golang.org/x/net.
package egress
