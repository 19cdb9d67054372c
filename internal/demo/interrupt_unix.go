//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// shield keeps a terminal's Ctrl-C from the command: it would come on top of the
// interrupt that it is sent, and two make Terraform exit at once.
func shield(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func interrupt(process *os.Process) error { return process.Signal(os.Interrupt) }
