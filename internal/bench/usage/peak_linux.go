package usage

import (
	"os"
	"regexp"
	"strconv"
	"syscall"
)

var highWaterMark = regexp.MustCompile(`(?m)^VmHWM:\s+([0-9]+) kB$`)

// peak is the VmHWM that the process had in the end.
//
// /proc tells VmHWM only as long as the process lives. What wait4 tells of the
// dead, ru_maxrss, is the larger of two: the process's own VmHWM, and that of
// the program that it was before exec, which is a copy of the parent. A child of
// Terraform's has Terraform's there, which is why getrusage misleads. A child of
// a small parent has its own, and that it is so is checked: the number counts
// only if it is larger than the parent's VmHWM. Both come from counters that the
// kernel adds up now and then, and differ by some hundred kilobytes.
func peak(state *os.ProcessState) int64 {
	rusage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	own, ok := OwnPeak()
	if most := rusage.Maxrss * 1024; ok && most > own {
		return most
	}
	return 0
}

// OwnPeak is VmHWM: the largest resident set that this process has had so far, in bytes.
func OwnPeak() (int64, bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	match := highWaterMark.FindSubmatch(status)
	if match == nil {
		return 0, false
	}
	kilobytes, err := strconv.ParseInt(string(match[1]), 10, 64)
	return kilobytes * 1024, err == nil
}
