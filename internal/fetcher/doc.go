// Package fetcher gets the packages that a project names before it is built without a network: it runs package managers in
// a sandbox whose one way out is a guarded proxy, keeps what they fetched read-only under the digest of what was asked for,
// and says what later sandboxes must be given to find it.
//
// It never runs code of the project or of a package while the way out is open (install scripts are off), never lets a
// password of this machine into the sandbox, and never hands out a cache whose files are not what was written.
//
// Arrows: qlp, sandbox and its egress, stack (where tools are), and the YAML library.
package fetcher
