// Package docker is the sandbox driver whose walls are a container engine's: one container a sandbox, made through the
// Engine API (Docker 20.10 and later, also rootless, remote, or in a machine of its own), with qlp-init as its first process and
// everything said to it over the container's own input and output.
//
// It never mounts anything of a host into a container, never gives it a network, never uses an image whose content is not named
// by its digest, and never copies files by the engine's own means, whose history is one of escapes.
//
// Arrows: sandbox, initbox, relay, owner, seccomp, qlp, and the engine's client.
package docker
