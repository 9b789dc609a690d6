// Package kubernetes is the sandbox driver whose walls are pods: one Job with one pod a sandbox, in which `qlp sandboxd` lends the
// pod's own, weakest sandbox to this process alone. The wall that counts is the pod's: gVisor or Kata by its runtime class.
//
// It never gives a pod a service account's token, a capability or a way out, never uses an image that is not named by its digest,
// never speaks through the API server's exec, and starts no pod in a namespace that has no policy against its network.
//
// Arrows: sandbox, qlp, and Kubernetes' client; who speaks with the pods' sandboxd is given to it.
package kubernetes
