// Command shim stands in for a provider while it is measured: Terraform starts
// the shim, and the shim starts the provider, with the same arguments and the
// same standard streams, waits for it, and notes what it has used. The plugin
// protocol goes past the shim, over a socket.
//
// It is the one who waits for the provider, and the operating system tells what
// an ended process has used only to that one. Every provider of a comparison is
// run through the same shim.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/bench/usage"
)

func main() {
	// Where the provider dies with its parent, the parent is a thread.
	runtime.LockOSThread()
	code, err := run(os.Getenv(usage.ProgramVariable), os.Getenv(usage.FileVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, "shim:", err)
		code = 1
	}
	os.Exit(code)
}

func run(program, file string) (code int, err error) {
	if err := note(file, usage.Record{Event: usage.Started}); err != nil {
		return 0, err
	}
	//nolint:gosec // To run what it is told to is its purpose.
	provider := exec.CommandContext(context.Background(), program, os.Args[1:]...)
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	provider.SysProcAttr = dieWithParent()

	// An interrupt reaches the provider by itself, as a member of the process
	// group. It is caught, not ignored, since the provider would inherit that.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if err := provider.Start(); err != nil {
		return 0, err
	}
	go func() {
		for received := range signals {
			if received == syscall.SIGTERM {
				_ = provider.Process.Signal(received)
			}
		}
	}()

	var failed *exec.ExitError
	if err := provider.Wait(); err != nil && !errors.As(err, &failed) {
		return 0, err
	}
	record := usage.Of(provider.ProcessState)
	record.Event = usage.Ended
	return max(provider.ProcessState.ExitCode(), 0), note(file, record)
}

// note adds a line to the file, in one write: shims of several providers may be
// at it at the same time.
func note(file string, record usage.Record) error {
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // The benchmark names it.
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
