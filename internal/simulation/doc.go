// Package simulation proves what the provider promises of sessions and faults.
//
// It has no code of its own but tests. They run the provider through its
// protocol, as Terraform's core does, against the emulated server over HTTP, and
// let faults befall chosen requests. After every run they check what must hold
// whatever has gone wrong: nothing orphaned, nothing registered twice, no seat
// left taken, no secret told.
//
// A schedule says which fault befalls which request; a schedule that has failed
// is printed with the command that runs it again.
package simulation
