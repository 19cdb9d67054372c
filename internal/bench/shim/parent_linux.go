package main

import "syscall"

// dieWithParent has the provider killed when Terraform kills the shim, as it
// would have killed the provider.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
