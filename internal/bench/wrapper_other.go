//go:build !linux

package main

import (
	"os"
	"syscall"
)

func killWithParent() *syscall.SysProcAttr { return nil }

// peak is unknown: only Linux has VmHWM.
func peak(*os.ProcessState) int64 { return 0 }

func ownPeak() int64 { return 0 }
