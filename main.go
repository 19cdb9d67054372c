// Command terraform-provider-twcloud is a Terraform provider for the OAuth
// consumers of Teamwork Cloud. Terraform starts it; by hand it tells its version,
// checks a server, or waits for a debugger.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// Set by the linker when a release is built.
var (
	version = "dev"
	commit  = "none"
)

// magicCookie is the variable that Terraform sets when it starts a provider.
const magicCookie = "TF_PLUGIN_MAGIC_COOKIE"

// drainTime is how long the provider waits, once it has been told to terminate,
// for Terraform to end what is under way and to stop it.
const drainTime = 10 * time.Second

func main() { os.Exit(run()) }

func run() int {
	debugging := flag.Bool("debug", false, "wait for a debugger and for Terraform: prints what to set in TF_REATTACH_PROVIDERS")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Usage = usage
	flag.Parse()
	if *showVersion {
		fmt.Printf("terraform-provider-twcloud %s (%s)\n", version, commit)
		return 0
	}

	switch {
	case flag.Arg(0) == "check":
		return check(flag.Args()[1:])
	case flag.Arg(0) == "learn":
		return learn.Run(flag.Args()[1:], os.Stdout, os.Stderr)
	case flag.NArg() > 0 || !*debugging && os.Getenv(magicCookie) == "":
		flag.Usage()
		return 2
	}

	var options []tf6server.ServeOpt
	signals := make(chan os.Signal, 1)
	parent := os.Getppid()
	if *debugging {
		options = append(options, tf6server.WithManagedDebug(),
			tf6server.WithManagedDebugStopSignals(append(terminating(), os.Interrupt)))
		// Whoever started it may go: it waits for many runs, and for a signal.
		parent = 0
	} else {
		// A process that dies of a signal does not log out. SIGINT is not among them:
		// go-plugin ignores it, as Terraform gets it as well, and stops the provider.
		signal.Notify(signals, terminating()...)
	}
	// Once Terraform has been killed, a line of the log, which goes to its end of a
	// pipe, would be the end of the provider, too.
	signal.Ignore(syscall.SIGPIPE)

	tuneCollector()
	twcloud := provider.New(version)
	served := make(chan error, 1)
	go func() { served <- tf6server.Serve(provider.Address, twcloud.Server, options...) }()

	err := wait(twcloud.Drain, served, signals, parent)
	if closeErr := twcloud.Close(); closeErr != nil {
		// Terraform does not show this; the log has it.
		fmt.Fprintln(os.Stderr, "twcloud: the session may stay open until it times out:", closeErr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "twcloud:", err)
		return 1
	}
	return 0
}

// tuneCollector lets the heap grow before it is collected, up to a bound: most of
// what a plan allocates is gone with the call, and the provider's heap is small.
// Who sets GOGC or GOMEMLIMIT knows better.
func tuneCollector() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(64 << 20)
	}
}

// check reports on the server that the environment names: status 0 if the provider
// works with it, 3 if the API profile lacks calls, 1 otherwise.
func check(arguments []string) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.Usage = usage
	write := flags.Bool("write", false, "")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		usage()
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), append(terminating(), os.Interrupt)...)
	defer stop()
	// Without a reader of the report, too, what was registered is removed.
	signal.Ignore(syscall.SIGPIPE)
	switch err := provider.New(version).Check(ctx, os.Stdout, *write); {
	case err == nil:
		return 0
	case errors.Is(err, provider.ErrCheckIncomplete):
		return 3
	}
	return 1
}

func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `Terraform starts this program. You can also run:

  terraform-provider-twcloud check          Check that the provider can read your server. Changes nothing.
  terraform-provider-twcloud check -write   Also register a consumer, change it and remove it.
  terraform-provider-twcloud learn          Learn an API profile from a recording of your browser. Prints the steps.

TWCLOUD_ENDPOINT, TWCLOUD_TOKEN and the other variables of the provider configure the check. Its exit
status is 0 if nothing failed, 3 if the API profile lacks calls that the provider needs, and 1 otherwise.

Flags:
`)
	flag.PrintDefaults()
}

// terminating are the signals that end a process, SIGINT apart. Whoever started
// the provider with nohup wants it to outlive a terminal that hangs up.
func terminating() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{syscall.SIGTERM}
	}
	return []os.Signal{syscall.SIGTERM, syscall.SIGHUP}
}

// wait returns when the provider has been served, or when it has been told to
// terminate, or lost its parent (0: it has none to lose), and had the time to
// drain.
func wait(drain func(), served <-chan error, signals <-chan os.Signal, parent int) error {
	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	for told := false; !told; {
		select {
		case err := <-served:
			return err
		case <-watch.C:
			// Terraform was killed: nobody will stop the provider.
			told = parent != 0 && os.Getppid() != parent
		case <-signals:
			told = true
		}
	}
	drain()
	select {
	case err := <-served:
		return err
	case <-time.After(drainTime):
		return fmt.Errorf("not stopped within %s of a signal, or of Terraform's own end", drainTime)
	}
}
