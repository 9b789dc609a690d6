// Package relay carries the language between a driver and a qlp-init, which is messages with file descriptors beside them,
// over one plain stream of bytes: the input and output of a container, say. Each half stands where descriptors still work; what
// goes through them is copied onto streams of their own within the one.
//
// It never looks into the messages beyond which descriptors an operation has, never buffers more than a stream's window of
// what the other side does not read, and when the stream ends, every descriptor that it served is closed: nobody waits for ever.
//
// Arrows: native/wire, and yamux for the streams within the stream.
package relay
