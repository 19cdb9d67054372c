// Command twcloud-emulator emulates a Teamwork Cloud server, so that the provider
// can be tried out without one. The same program changes what a running emulator
// holds behind Terraform's back; "twcloud-emulator -help" tells how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is set by the linker in releases.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// errUsage says that the command line is wrong and that this has been said.
var errUsage = errors.New("usage")

// run does what the command line says and returns the exit status: 0, 1 for a
// failure or 2 for a wrong command line.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 0 && (args[0] == "help" || isHelp(args[0])):
		_, err = io.WriteString(stdout, help)
	case len(args) > 0 && (args[0] == "version" || args[0] == "-version" || args[0] == "--version"):
		_, err = fmt.Fprintln(stdout, "twcloud-emulator "+buildVersion())
	case len(args) == 0 || args[0][:min(1, len(args[0]))] == "-":
		err = serve(ctx, args, stdout, stderr)
	case args[0] == "serve":
		err = serve(ctx, args[1:], stdout, stderr)
	default:
		err = command(ctx, args[0], args[1:], stdin, stdout, stderr)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	default:
		fmt.Fprintln(stderr, "twcloud-emulator: "+err.Error())
		return 1
	}
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// parse reads flags and other arguments in any order. Behind "--" there are only
// other arguments.
func parse(flags *flag.FlagSet, args []string, stdout, stderr io.Writer) (others []string, err error) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	for len(args) > 0 {
		if args[0] == "--" {
			return append(others, args[1:]...), nil
		}
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			_, _ = io.WriteString(stdout, help)
			return nil, err
		}
		if err != nil {
			return nil, misuse(stderr, "%s", err)
		}
		terminated := len(args) > flags.NArg() && args[len(args)-flags.NArg()-1] == "--"
		args = flags.Args()
		if terminated {
			return append(others, args...), nil
		}
		if len(args) > 0 {
			others, args = append(others, args[0]), args[1:]
		}
	}
	return others, nil
}

// misuse says what is wrong with the command line.
func misuse(stderr io.Writer, format string, arguments ...any) error {
	fmt.Fprintf(stderr, "twcloud-emulator: "+format+"\nRun \"twcloud-emulator -help\" for all that can be said.\n", arguments...)
	return errUsage
}
