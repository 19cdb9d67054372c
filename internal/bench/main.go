// Command bench measures what the provider costs, and prints it as ratios: to a
// provider that does nothing, and to the generic REST provider. See BENCHMARKS.md.
package main

import (
	"context"
	"debug/buildinfo"
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
		os.Exit(runAsWrapper())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
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
	rounds    int // zero: the default of each scenario
}

func parseOptions(arguments []string, output io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(output)
	sizes := flags.String("n", "1,100,1000", "numbers of consumers")
	latencies := flags.String("latency", "0,5ms,50ms", "latencies of the server")
	names := flags.String("scenario", "plan,norefresh,change,create,destroy", "what to run")
	flags.StringVar(&o.secret, "secret", "stored", "how the secrets are configured: stored (secret), write-only (secret_wo) or versioned (secret_wo with secret_wo_version)")
	flags.IntVar(&o.rounds, "rounds", 0, "how often to run each; 0: 3, but 1 to create or destroy more than 100")
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
	case slices.Min(o.sizes) < 1, slices.Min(o.latencies) < 0, o.rounds < 0:
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
	b := &bench{options: o, cli: cli, dir: dir, progress: stderr}
	if err := b.build(ctx); err != nil {
		return err
	}
	results, err := b.measure(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "\n%s v%s, framework %s, %s/%s, %d CPUs, secrets %s\n", cli.Name, cli.Version,
		frameworkVersion(b.programs[ours].path), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.secret)
	return report{options: o, results: results}.write(stdout)
}

// build builds the provider and the floor, and finds the generic REST provider.
func (b *bench) build(ctx context.Context) error {
	_, _ = fmt.Fprintln(b.progress, "Building the provider and the floor.")
	b.programs = map[string]program{
		floor: {source: terraformcli.Source, path: filepath.Join(b.dir, "bin", "floor")},
		ours:  {source: terraformcli.Source, path: filepath.Join(b.dir, "bin", "provider")},
	}
	if path := os.Getenv(genericVariable); path != "" {
		path, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		b.programs[generic] = program{source: genericSource, path: path}
	}
	return errors.Join(
		terraformcli.Build(ctx, "internal/bench/floor", b.programs[floor].path),
		terraformcli.Build(ctx, ".", b.programs[ours].path),
	)
}

func frameworkVersion(binary string) string {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "unknown"
	}
	for _, dependency := range info.Deps {
		if dependency.Path == "github.com/hashicorp/terraform-plugin-framework" {
			return dependency.Version
		}
	}
	return "unknown"
}
