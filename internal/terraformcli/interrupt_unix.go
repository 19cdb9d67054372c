//go:build unix

package terraformcli

import (
	"os/exec"
	"syscall"
)

// interruptOnCancel interrupts the command and its children, instead of killing the
// command, when its context ends. They get a process group of their own: a terminal's
// Ctrl-C would be a second interrupt, at which Terraform exits without stopping its
// providers.
func interruptOnCancel(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
}
