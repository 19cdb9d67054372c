//go:build !linux

package main

import "syscall"

// dieWithParent asks for nothing: only Linux has it.
func dieWithParent() *syscall.SysProcAttr { return nil }
