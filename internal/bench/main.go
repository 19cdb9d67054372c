// Command bench measures what the provider costs, and prints it as ratios: to a
// provider that does nothing, and to the generic REST provider. See
// BENCHMARKS.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/bench/usage"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	opts, err := parseOptions(arguments, os.Stderr)
	if err != nil {
		return err
	}
	path, err := terraformcli.Find(ctx, terraformcli.CacheDir(), os.Stderr)
	if err != nil {
		return err
	}
	cli, err := terraformcli.Inspect(ctx, path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "twcloud-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	fmt.Fprintln(os.Stderr, "Building the provider, the floor and the shim.")
	built, err := build(ctx, filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	framework, err := module(ctx, "{{.Version}}", "github.com/hashicorp/terraform-plugin-framework")
	if err != nil {
		return err
	}
	generic, absence, err := restAPIFinder{getenv: os.Getenv, install: installRestAPI(cli.Path)}.find(ctx, filepath.Join(dir, "restapi"))
	if err != nil {
		return err
	}
	about := []string{
		fmt.Sprintf("%s v%s, framework %s, %s/%s, %d CPUs%s", cli.Name, cli.Version, framework,
			runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load()),
		fmt.Sprintf("provider %s, secrets %s", revision(ctx), opts.secret),
	}
	if generic != "" {
		about = append(about, "generic REST provider: "+strings.TrimPrefix(generic, filepath.Join(dir, "restapi")+string(filepath.Separator)))
	}
	b := &bench{options: opts, dir: filepath.Join(dir, "work"), terraform: cli.Path, built: built, restAPI: generic, absence: absence, progress: os.Stderr}
	results, err := b.measure(ctx)
	if err != nil {
		return err
	}
	_, peakKnown := usage.OwnPeak()
	fmt.Fprintln(os.Stderr)
	return report{options: opts, measurements: results, about: about, absence: b.absence, peakKnown: peakKnown}.write(os.Stdout)
}

// load says what else the machine had to do before, where the system tells.
func load() string {
	averages, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return ", load " + strings.Fields(string(averages))[0] + " before"
}

// revision names what was built.
func revision(ctx context.Context) string {
	output, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "of an unknown revision"
	}
	return strings.TrimSpace(string(output))
}
