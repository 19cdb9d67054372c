package main

import (
	"os"
	"syscall"
)

// peak is the largest resident set of an ended child, in bytes.
//
// ru_maxrss is the larger of two values: that of the child, and that of the copy of
// its parent that it was before exec. This is why Terraform's own record of a
// provider is of no use. The wrapper is smaller than any provider.
func peak(state *os.ProcessState) int64 {
	rusage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return rusage.Maxrss * 1024
}
