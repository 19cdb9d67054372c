// Command twcloud-emulator emulates a Teamwork Cloud server, so that you can try
// the provider without one. The same program changes what a running emulator
// holds behind Terraform's back. "twcloud-emulator -help" has the details.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// errUsage is a mistake in the command line.
var errUsage = errors.New("run \"twcloud-emulator -help\" for the usage")

func misuse(format string, arguments ...any) error {
	return fmt.Errorf(format+"; %w", append(arguments, errUsage)...)
}

// run executes a command line and returns the exit status: 0, 1 for a failure or
// 2 for a mistake in the command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	var err error
	switch name {
	case "help":
		err = flag.ErrHelp
	case "serve":
		err = serve(ctx, args, stdout, stderr)
	case "profile":
		err = printProfile(args, stdout)
	default:
		err = runCommand(ctx, name, args, stdout)
	}
	if errors.Is(err, flag.ErrHelp) {
		err = printHelp(stdout)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "twcloud-emulator: "+err.Error())
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

// parse reads flags and leaves the message about a mistake to the caller.
func parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return misuse("%w", err)
	}
	return err
}

func printProfile(args []string, stdout io.Writer) error {
	if len(args) != 1 {
		return misuse("usage: twcloud-emulator profile DIALECT")
	}
	content, err := emulator.DialectJSON(args[0])
	if err != nil {
		return err
	}
	_, err = stdout.Write(content)
	return err
}

// printHelp prints the usage of everything, from the flags themselves.
func printHelp(stdout io.Writer) error {
	var b strings.Builder
	b.WriteString(`twcloud-emulator emulates a Teamwork Cloud server: sessions, the sign-in on the
platform, OAuth consumers, root services, and the request tokens of OAuth 1.0a. Everything
is lost when it stops.

Start an emulator:

  twcloud-emulator [serve] [flags]

`)
	flags, _ := serveFlags()
	flags.SetOutput(&b)
	flags.PrintDefaults()
	b.WriteString("\nChange a running emulator behind Terraform's back, in a browser on its control\npage, or with these commands:\n\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, command := range commands {
		fmt.Fprintf(table, "  twcloud-emulator %s\t%s\n", command.usage, command.help)
	}
	_ = table.Flush()
	b.WriteString(`
  CONSUMER is a key, or a name that only one consumer has. Each command takes
  -control-address.

Flags of fault:

`)
	flags = faultFlags(&emulator.Fault{})
	flags.SetOutput(&b)
	flags.PrintDefaults()
	b.WriteString("\nKinds of faults (handled: the server did what was asked):\n\n")
	table = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, kind := range append(emulator.AllFaultKinds(), emulator.AnswerWith) {
		fmt.Fprintf(table, "  %s\t%s\n", kind, kind.Help())
	}
	_ = table.Flush()
	b.WriteString("\nQuirks of the sign-in on the platform:\n\n")
	for _, quirk := range authserver.Quirks() {
		fmt.Fprintf(&b, "  %s\n", quirk)
	}
	b.WriteString("\nPrint the API profile of a dialect, for the provider's api_profile_file:\n\n  twcloud-emulator profile DIALECT >profile.json\n\nDialects:\n\n")
	b.WriteString(dialectList())
	_, err := io.WriteString(stdout, b.String())
	return err
}

// dialectList has a line for each dialect and its description below.
func dialectList() string {
	var b strings.Builder
	for _, name := range emulator.Dialects() {
		spoken, err := emulator.Dialect(name)
		if err != nil {
			panic(err) // They are tested.
		}
		fmt.Fprintf(&b, "  %s\n    %s\n", name, spoken.Description)
	}
	return b.String()
}
