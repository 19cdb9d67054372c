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
	"syscall"

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
	_, _ = fmt.Fprintf(stdout, "%s v%s, %s/%s, %d CPUs, secrets %s\n", cli.Name, cli.Version, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.secret)
	b := &bench{options: o, out: stdout, progress: stderr}
	if err := b.build(ctx, cli, dir); err != nil {
		return err
	}
	return b.measure(ctx)
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
	if b.silent {
		if err := b.add(silentFloor, filepath.Join(dir, "bin", floor), cli, filepath.Join(dir, "silent"), silentVariable+"=1"); err != nil {
			return err
		}
	}
	if os.Getenv(genericVariable) == "" {
		_, _ = fmt.Fprintf(b.progress, "To compare with the generic REST provider, name its binary in %s.\n", genericVariable)
		return nil
	}
	program, err := filepath.Abs(os.Getenv(genericVariable))
	if err != nil {
		return err
	}
	return b.add(generic, program, cli, filepath.Join(dir, "restapi"))
}
