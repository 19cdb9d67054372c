// Command demo shows the provider at work: it builds it, starts an emulated
// Teamwork Cloud, and has Terraform or OpenTofu manage an OAuth consumer there,
// from its registration to its removal. Whatever it tells, it has checked against
// the emulator: its exit status is 0 if everything was as told, 1 if not, 2 for a
// wrong command line and 130 if it was interrupted.
//
// With -playground it keeps the emulator running instead, and prints what to
// paste in order to use it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	statusOK          = 0
	statusNotAsTold   = 1
	statusUsage       = 2
	statusInterrupted = 130
)

const usage = `demo shows the provider at work on an emulated Teamwork Cloud.

  demo              a guided tour, from the registration of a consumer to its
                    removal; leaves nothing behind
  demo -playground  keeps the emulator running, and prints what to paste
`

func main() {
	// Nothing is to be left behind, be it that the terminal is closed or that the
	// reader of a pipe has gone: all of these end the context, and with it the work.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run does what the command line says and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage) }
	play := flags.Bool("playground", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return statusOK
	case err != nil:
		return statusUsage
	case flags.NArg() > 0:
		flags.Usage()
		return statusUsage
	}

	tell := newNarrator(stdout, isColourful(stdout, os.Getenv))
	var err error
	if *play {
		err = playground(ctx, tell, defaultPlace())
	} else {
		err = tour(ctx, tell)
	}
	switch {
	case err == nil:
		return statusOK
	case ctx.Err() != nil && !errors.Is(err, errLeftBehind):
		_, _ = fmt.Fprintln(stderr, "\nInterrupted. Nothing is left behind.")
		return statusInterrupted
	}
	_, _ = fmt.Fprintf(stderr, "\ndemo: %v\n", err)
	return statusNotAsTold
}
