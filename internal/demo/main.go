// Command demo shows the provider at work: it builds the provider, starts an
// emulated Teamwork Cloud, and has Terraform or OpenTofu manage an OAuth consumer
// there, from its registration to its removal. It checks on the emulator what it
// prints. Its exit status is 0 if every check passed, 1 if not, 2 for a wrong
// command line and 130 if the tour was interrupted.
//
// With -playground it keeps the emulator running instead, and prints commands to
// paste. With -picture it prints a picture of its output.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

const (
	statusOK          = 0
	statusFailed      = 1
	statusUsage       = 2
	statusInterrupted = 130
)

const usage = `demo shows the provider at work on an emulated Teamwork Cloud.

  demo              manage a consumer, from its registration to its removal;
                    leaves nothing behind
  demo -playground  keep the emulator running, and print commands to paste
  demo -picture     print a picture of the output for the README, as SVG
`

func main() {
	// The demo cleans up also if the terminal closes or the reader of a pipe exits.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage) }
	play := flags.Bool("playground", false, "")
	picture := flags.Bool("picture", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return statusOK
	case err == nil && flags.NArg() > 0:
		flags.Usage()
		return statusUsage
	case err != nil:
		return statusUsage
	}

	out := &printer{out: stdout, color: supportsColor(stdout)}
	show := tour
	switch {
	case *play:
		show = playground
	case *picture:
		out = &printer{out: io.Discard}
	}
	dir, err := os.MkdirTemp("", "twcloud-demo-")
	if err == nil {
		err = errors.Join(show(ctx, out, dir), os.RemoveAll(dir))
	}
	if err == nil && *picture {
		_, err = io.WriteString(stdout, draw(shorten(out.printed.String())))
	}
	switch {
	case err == nil:
		return statusOK
	case errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(stderr, "\nInterrupted. Nothing is left behind.")
		if *play { // That is how it ends.
			return statusOK
		}
		return statusInterrupted
	}
	_, _ = fmt.Fprintf(stderr, "\ndemo: %v\n", err)
	return statusFailed
}

// prepare finds a CLI, builds the provider, and returns a workspace in dir that
// uses it on the server.
func prepare(ctx context.Context, out *printer, dir string, server *emulator.Server) (*terraformcli.Workspace, error) {
	cli, err := terraformcli.Find(ctx, out)
	if err != nil {
		return nil, err
	}
	done := out.progress("Building the provider ...")
	mirror := filepath.Join(dir, "mirror")
	_, err = terraformcli.BuildMirror(ctx, mirror)
	done()
	if err != nil {
		return nil, err
	}
	work, err := terraformcli.NewWorkspace(cli, filepath.Join(dir, "work"))
	if err != nil {
		return nil, err
	}
	work.Setenv(serverEnv(server)...)
	err = work.UseMirror(mirror)
	return work, err
}

func serverEnv(server *emulator.Server) []string {
	return terraformcli.ServerEnv(server.URL(), server.WebAppURL(), emulator.AdminName, emulator.AdminPassword)
}
