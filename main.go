// Command terraform-provider-twcloud is a Terraform provider for the OAuth
// consumers of Teamwork Cloud. Terraform starts it. Users start it to print its
// version, to check a server, to learn an API profile, or to debug it.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// Set by the linker when a release is built.
var (
	version = "dev"
	commit  = "none"
)

// magicCookie is the variable that Terraform sets when it starts a provider.
const magicCookie = "TF_PLUGIN_MAGIC_COOKIE"

// drainTime is how long the provider waits, after a signal to terminate, for
// Terraform to finish the calls in flight and to stop it. Then it cancels them, and
// waits for stopTime: what is registered must get into state.
const drainTime, stopTime = 8 * time.Second, 2 * time.Second

func main() { os.Exit(run()) }

func run() int {
	command, debugging, err := parse(os.Args[1:])
	switch {
	case err != nil:
		return misused(err, "")
	case command != nil:
		return command()
	case !debugging && os.Getenv(magicCookie) == "":
		fmt.Fprint(os.Stderr, usage)
		return statusMisused
	}

	var options []tf6server.ServeOpt
	signals := make(chan os.Signal, 1)
	parent := os.Getppid()
	if debugging {
		options = append(options, tf6server.WithManagedDebug(),
			tf6server.WithManagedDebugStopSignals(append(terminating(), os.Interrupt)))
		// In debug mode, the process that started it may end before the provider
		// does.
		parent = 0
	} else {
		// A process that ends by a signal does not sign out. SIGINT is not in the
		// list: Terraform gets it too and stops the provider, and go-plugin ignores
		// it.
		signal.Notify(signals, terminating()...)
	}
	// If Terraform was killed, writing a log line to its closed pipe would end
	// the provider.
	signal.Ignore(syscall.SIGPIPE)

	tuneCollector()
	twcloud := provider.New(version)
	twcloud.LimitLogs()
	served := make(chan error, 1)
	go func() { served <- tf6server.Serve(provider.Address, twcloud.Server, options...) }()

	err = wait(twcloud.Drain, twcloud.Stop, served, signals, parent)
	if closeErr := twcloud.Close(); closeErr != nil {
		// Terraform does not show this. The log has it.
		fmt.Fprintln(os.Stderr, "twcloud: the session may stay open until it times out:", closeErr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "twcloud:", err)
		return 1
	}
	return 0
}

// terminating returns the signals that end a process, except SIGINT. With
// nohup, the provider survives a hang-up of the terminal.
func terminating() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{syscall.SIGTERM}
	}
	return []os.Signal{syscall.SIGTERM, syscall.SIGHUP}
}

// wait returns when serving ends. After a signal, or if the parent process is
// gone (0: there is none), it drains, and later stops, what is in flight.
func wait(drain, stop func(), served <-chan error, signals <-chan os.Signal, parent int) error {
	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	for ending := false; !ending; {
		select {
		case err := <-served:
			return err
		case <-watch.C:
			// Terraform was killed, so nobody stops the provider.
			ending = parent != 0 && os.Getppid() != parent
		case <-signals:
			ending = true
		}
	}
	for _, step := range []struct {
		do   func()
		time time.Duration
	}{{drain, drainTime}, {stop, stopTime}} {
		step.do()
		select {
		case err := <-served:
			return err
		case <-time.After(step.time):
		}
	}
	return fmt.Errorf("not stopped within %s of a signal, or of Terraform's own end", drainTime+stopTime)
}
