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

// interrupt does to a command and those that it has started what a terminal's
// Ctrl-C does.
func interrupt(process *os.Process) error { return syscall.Kill(-process.Pid, syscall.SIGINT) }
