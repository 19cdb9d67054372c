//go:build !unix

package main

import (
	"os"
	"os/exec"
)

// shield does nothing: the terminal's Ctrl-C is what stops the command.
func shield(*exec.Cmd) {}

// interrupt leaves the command to the terminal's Ctrl-C: there is no other way to
// ask it to end.
func interrupt(*os.Process) error { return nil }
