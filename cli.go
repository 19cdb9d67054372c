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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// Exit statuses.
const (
	statusOK         = 0
	statusFailed     = 1
	statusMisused    = 2
	statusIncomplete = 3
)

const usage = `Terraform starts this program. You can also run:

  terraform-provider-twcloud check          Check that the provider can read your server. Changes nothing.
  terraform-provider-twcloud check -write   Also register a consumer, change it and remove it.
  terraform-provider-twcloud learn          Learn an API profile from a recording of your browser. Prints the steps.
  terraform-provider-twcloud help COMMAND   Print the help of a command.

Flags:
  -version  print the version
  -debug    wait for a debugger and for Terraform: prints what to set in TF_REATTACH_PROVIDERS
`

const checkUsage = `terraform-provider-twcloud check [-write]

Checks whether the provider works with your server, and writes a report that you
can publish: it has no secrets, host names, user names, or values of consumers.

Without -write, it signs in, reads, and changes nothing. With -write, it also
registers one consumer, approves, disapproves and renames it, changes its secret,
and removes it.

TWCLOUD_ENDPOINT, TWCLOUD_TOKEN and the other variables of the provider configure
the check.

Exit status: 0 nothing failed, 1 something failed, 2 wrong usage, 3 the API
profile lacks calls that the provider needs.
`

// parse reads the command line. Without a command, the provider is to be served.
func parse(arguments []string) (command func() int, debugging bool, err error) {
	flags := flag.NewFlagSet("terraform-provider-twcloud", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&debugging, "debug", false, "")
	showVersion := flags.Bool("version", false, "")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return show(usage), false, nil
	case err != nil:
		return nil, false, err
	case *showVersion:
		return show(fmt.Sprintf("terraform-provider-twcloud %s (%s)\n", version, commit)), false, nil
	}
	rest := flags.Args()
	if len(rest) == 0 {
		return nil, debugging, nil
	}
	switch rest[0] {
	case "help":
		return help(rest[1:]), false, nil
	case "check":
		return func() int { return check(rest[1:]) }, false, nil
	case "learn":
		return func() int { return learn.Run(rest[1:], os.Stdin, os.Stdout, os.Stderr) }, false, nil
	}
	return nil, false, fmt.Errorf("there is no command %q", rest[0])
}

// show returns a command that prints a text.
func show(text string) func() int {
	return func() int {
		if _, err := io.WriteString(os.Stdout, text); err != nil {
			fmt.Fprintln(os.Stderr, "terraform-provider-twcloud:", err)
			return statusFailed
		}
		return statusOK
	}
}

// misused says what is wrong with a command line.
func misused(err error, command string) int {
	fmt.Fprintf(os.Stderr, "terraform-provider-twcloud: %v. For help, run terraform-provider-twcloud %s-h.\n", err, command)
	return statusMisused
}

func help(arguments []string) func() int {
	texts := map[string]string{"": usage, "check": checkUsage, "learn": learn.Steps}
	topic := ""
	if len(arguments) > 0 {
		topic = arguments[0]
	}
	if text, found := texts[topic]; found && len(arguments) < 2 {
		return show(text)
	}
	return func() int { return misused(fmt.Errorf("there is no help for %q", strings.Join(arguments, " ")), "") }
}

// check reports on the server that the environment configures.
func check(arguments []string) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	write := flags.Bool("write", false, "")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return show(checkUsage)()
	case err != nil:
		return misused(fmt.Errorf("check: %w", err), "check ")
	case flags.NArg() > 0:
		return misused(fmt.Errorf("check takes no argument %q", flags.Arg(0)), "check ")
	}
	ctx, stop := signal.NotifyContext(context.Background(), append(terminating(), os.Interrupt)...)
	defer stop()
	// If nobody reads the report, still remove what was registered.
	signal.Ignore(syscall.SIGPIPE)
	switch err := provider.New(version).Check(ctx, os.Stdout, *write); {
	case err == nil:
		return statusOK
	case errors.Is(err, provider.ErrCheckIncomplete):
		return statusIncomplete
	case !errors.Is(err, provider.ErrCheckFailed):
		fmt.Fprintln(os.Stderr, "terraform-provider-twcloud:", err)
	}
	return statusFailed
}
