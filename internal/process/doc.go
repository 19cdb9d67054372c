// Package process tests the provider's processes: they release the license seat on
// every way out, an interrupted run leaves nothing tainted and nothing orphaned,
// and each command sends as few requests as possible.
//
// It has only tests. They run a real Terraform with the provider's binary against
// the emulated server.
package process
