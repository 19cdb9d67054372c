// Package process proves what the provider promises of its processes: that
// every way out of one that can act at all gives the licence seat back, and that
// a run which is broken off leaves nothing tainted and nothing orphaned.
//
// It has no code of its own but tests. They run a real Terraform with the binary
// that is shipped, against the emulated server.
package process
