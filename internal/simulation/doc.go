// Package simulation proves what the provider promises about sessions, faults, other
// people, and servers that differ.
//
// It has only tests. They run the provider through its protocol, as Terraform does,
// against the emulated server over HTTP. They inject faults, and what other people do,
// into chosen requests; they give the server quirks; and they have it speak another
// profile than the provider believes. After every run they check what must hold
// whatever has gone wrong: nothing orphaned, nothing registered twice, no seat left
// taken, no secret shown, nobody misled.
//
// A schedule says which fault a request gets. A schedule that has failed is printed
// with the command that runs it again.
package simulation
