// Command bench measures what the provider costs, and prints it as ratios: to a
// provider that does nothing, and to the generic REST provider. See BENCHMARKS.md.
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
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

func main() {
	if os.Getenv(programVariable) != "" {
		os.Exit(wrap())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := os.Setenv("CGO_ENABLED", "0") // Providers are built as for a release.
	if err == nil {
		err = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	sizes     []int
	latencies []time.Duration
	scenarios []scenario
	secret    string
	repeat    int // number of rounds; 0: the default of each scenario
}

func parseOptions(arguments []string, output io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(output)
	sizes := flags.String("n", "1,100,1000", "numbers of consumers")
	latencies := flags.String("latency", "0,5ms,50ms", "latencies of the server")
	names := flags.String("scenario", "plan,norefresh,change,create,destroy", "what to run")
	flags.StringVar(&o.secret, "secret", "stored", "how the secrets are configured: stored (secret), write-only (secret_wo) or versioned (secret_wo with secret_wo_version)")
	flags.IntVar(&o.repeat, "rounds", 0, "how often to run each; 0: 3, but 1 to create or destroy more than 100")
	quick := flags.Bool("quick", false, "defaults for a short run: -n 1000 -latency 0,50ms -scenario plan")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if *quick {
		given := map[string]bool{}
		flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, value := range map[string]string{"n": "1000", "latency": "0,50ms", "scenario": "plan"} {
			if !given[name] {
				_ = flags.Set(name, value) // These values are valid.
			}
		}
	}
	o.sizes, err = parseList(*sizes, strconv.Atoi)
	if err == nil {
		o.latencies, err = parseList(*latencies, time.ParseDuration)
	}
	if err == nil {
		o.scenarios, err = parseList(*names, findScenario)
	}
	switch {
	case err != nil:
		return o, err
	case slices.Min(o.sizes) < 1, slices.Min(o.latencies) < 0, o.repeat < 0:
		return o, errors.New("-n must be positive; -latency and -rounds must not be negative")
	case secretArguments[o.secret] == "":
		return o, fmt.Errorf("-secret: unknown kind %q", o.secret)
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

func parseList[T any](list string, parse func(string) (T, error)) (parsed []T, err error) {
	for item := range strings.SplitSeq(list, ",") {
		one, err := parse(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, one)
	}
	return parsed, nil
}

// run measures and prints a report.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	o, err := parseOptions(arguments, stderr)
	if err != nil {
		return err
	}
	cli, err := terraformcli.Find(ctx, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "twcloud-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{options: o, progress: stderr}
	if err := b.build(ctx, cli, dir); err != nil {
		return err
	}
	rows, err := b.measure(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "\n%s v%s, %s/%s, %d CPUs, secrets %s\n",
		cli.Name, cli.Version, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.secret)
	return report(stdout, rows)
}

// build builds the provider and the floor, and finds the generic REST provider.
func (b *bench) build(ctx context.Context, cli terraformcli.CLI, dir string) error {
	_, _ = fmt.Fprintln(b.progress, "Building the provider and the floor.")
	for provider, pkg := range map[string]string{floor: "internal/bench/floor", ours: "."} {
		program := filepath.Join(dir, "bin", provider)
		if err := errors.Join(terraformcli.Build(ctx, pkg, program), b.add(provider, program, cli, filepath.Join(dir, provider))); err != nil {
			return err
		}
	}
	program, err := filepath.Abs(os.Getenv(genericVariable))
	if err != nil || os.Getenv(genericVariable) == "" {
		return err
	}
	return b.add(generic, program, cli, filepath.Join(dir, "restapi"))
}
