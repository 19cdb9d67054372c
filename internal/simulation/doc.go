// Package simulation proves what the provider promises about sessions and faults.
//
// It has only tests. They run the provider through its protocol, as Terraform
// does, against the emulated server over HTTP, and inject faults into chosen
// requests. After every run they check what must hold whatever has gone wrong:
// nothing orphaned, nothing registered twice, no seat left taken, no secret shown.
//
// A schedule says which fault a request gets. A schedule that has failed is
// printed with the command that runs it again.
package simulation
