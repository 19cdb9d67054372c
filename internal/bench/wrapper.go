package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// While it is measured, a provider runs in a wrapper: Terraform starts this
// program, which starts the provider, waits for it and records what it used. Only
// the parent of a process gets that from the operating system. The plugin protocol
// does not go through the wrapper.
//
// These variables tell the wrapper what to run, and in which folder to record it.
const (
	programVariable = "TWCLOUD_BENCH_PROGRAM"
	usageVariable   = "TWCLOUD_BENCH_USAGE"
)

// silentVariable has the floor log warnings only.
const silentVariable = "TWCLOUD_BENCH_SILENT"

// usage is what provider processes used.
type usage struct {
	CPU  time.Duration // user and system time
	Peak int64         // largest resident set in bytes; zero if it is unknown

	processes int
}

// wrap runs the provider and returns its exit status.
func wrap() int {
	status, err := recorded(exec.Command(os.Getenv(programVariable), os.Args[1:]...)) //nolint:gosec,noctx // Running it is the purpose; signals end it.
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return status
}

func recorded(cmd *exec.Cmd) (status int, err error) {
	// If the wrapper is killed, the file stays empty.
	file, err := os.CreateTemp(os.Getenv(usageVariable), "")
	if err != nil {
		return 0, err
	}
	defer file.Close()

	// The provider gets these signals itself, as a member of the process group.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 0, err
	}
	state := cmd.ProcessState
	return max(state.ExitCode(), 0), json.NewEncoder(file).Encode(usage{CPU: state.UserTime() + state.SystemTime(), Peak: peak(state)})
}

// readUsage adds up the records in a folder. A process that was killed is an
// error: what it used is unknown.
func readUsage(folder string) (total usage, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return total, err
	}
	for _, file := range files {
		content, err := os.ReadFile(file) //nolint:gosec // The folder is the benchmark's own.
		if err != nil {
			return total, err
		}
		var one usage
		if err := json.Unmarshal(content, &one); err != nil {
			return total, fmt.Errorf("a provider process was killed: %w", err)
		}
		total.CPU += one.CPU
		total.Peak = max(total.Peak, one.Peak)
		total.processes++
	}
	if total.processes == 0 {
		return total, fmt.Errorf("no provider process was started")
	}
	return total, nil
}
