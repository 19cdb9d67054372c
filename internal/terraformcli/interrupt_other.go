//go:build !unix

package terraformcli

import "os/exec"

// interruptOnCancel leaves it to the terminal's Ctrl-C to stop the command: there
// is no other way to interrupt it.
func interruptOnCancel(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return nil }
}
