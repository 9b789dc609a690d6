// Package python writes services in Python 3.11+ with nothing but its standard library: http.server, sqlite3, unittest.
//
// Most of what it writes are plain Python files in the folder project, which are copied as they are and can be read and
// tested there; what depends on the Spec is rendered from the *.tmpl files beside them. It never writes acceptance tests,
// and it refuses a Spec that it cannot build by naming what is in the way.
//
// Arrows: generator, contract, qlp; never another stack's folder.
package python
