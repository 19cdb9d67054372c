package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// binaries are the programs that the benchmark builds for itself.
type binaries struct {
	provider, floor, shim string
}

// build builds them into dir, the provider as a release is built.
func build(ctx context.Context, dir string) (binaries, error) {
	root, err := module(ctx, "{{.Dir}}")
	if err != nil {
		return binaries{}, err
	}
	built := binaries{
		provider: filepath.Join(dir, executable("provider")),
		floor:    filepath.Join(dir, executable("floor")),
		shim:     filepath.Join(dir, executable("shim")),
	}
	for pkg, output := range map[string]string{
		".":                      built.provider,
		"./internal/bench/floor": built.floor,
		"./internal/bench/shim":  built.shim,
	} {
		//nolint:gosec // The packages and the folder are this program's own.
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", output, pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if message, err := cmd.CombinedOutput(); err != nil {
			return binaries{}, fmt.Errorf("go build %s: %w\n%s", pkg, err, message)
		}
	}
	return built, nil
}

// module tells something of a module: of this one, unless another is named.
func module(ctx context.Context, format string, path ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-m", "-f", format}, path...)...) //nolint:gosec // It is always go list.
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	return strings.TrimSpace(string(output)), nil
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
