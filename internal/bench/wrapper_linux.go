package main

import (
	"os"
	"regexp"
	"strconv"
	"syscall"
)

// killWithParent has the provider killed when Terraform kills the wrapper.
func killWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// peak is the largest resident set of an ended child (VmHWM).
//
// ru_maxrss is the larger of two values: the child's own VmHWM, and that of the
// copy of its parent that it was before exec. So it is the child's own only if it
// is larger than the parent's VmHWM. This is why Terraform's own record of a
// provider is of no use, and that of a small wrapper is.
func peak(state *os.ProcessState) int64 {
	rusage, ok := state.SysUsage().(*syscall.Rusage)
	if bytes := rusage.Maxrss * 1024; ok && bytes > ownPeak() {
		return bytes
	}
	return 0
}

var highWaterMark = regexp.MustCompile(`(?m)^VmHWM:\s+([0-9]+) kB$`)

// ownPeak is the largest resident set of this process so far, in bytes.
func ownPeak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if match := highWaterMark.FindSubmatch(status); err == nil && match != nil {
		kilobytes, _ := strconv.ParseInt(string(match[1]), 10, 64) // They are digits.
		return kilobytes * 1024
	}
	return 0
}
