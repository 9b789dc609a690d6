// Package bridge is an OpenAI-compatible endpoint whose prompts and answers are files in a folder, so that a person or
// another program can be the model.
//
// It never makes an answer up: a request waits for its file, and ends with an error when the time is over. It never listens
// by itself, and answers nobody who did not call it by a loopback name.
//
// Arrows: llm (for the count of tokens), qlp.
package bridge
