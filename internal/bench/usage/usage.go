// Package usage is what the benchmark's shim notes of a provider process, and
// how the benchmark reads it.
package usage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Environment variables that tell the shim what to do. No provider knows them.
const (
	// ProgramVariable names the provider to run.
	ProgramVariable = "TWCLOUD_BENCH_PROGRAM"
	// FileVariable names the file to add the record to.
	FileVariable = "TWCLOUD_BENCH_USAGE"
)

// What a Record tells of.
const (
	Started = "started"
	Ended   = "ended"
)

// Record is one line of the file.
type Record struct {
	Event string `json:"event"`

	// CPU is the time that the process has computed, in user and system mode.
	CPU time.Duration `json:"cpu,omitempty"`

	// Peak is the largest resident set that the process has had, in bytes; zero
	// where it is not known.
	Peak int64 `json:"peak,omitempty"`
}

// Of returns what an ended process has used.
func Of(state *os.ProcessState) Record {
	return Record{
		CPU:  state.UserTime() + state.SystemTime(),
		Peak: peak(state),
	}
}

// Total is what all provider processes of one command have used.
type Total struct {
	Processes int
	CPU       time.Duration
	// Peak is that of the largest process; zero where it is not known.
	Peak int64
}

// Read sums up a file, and removes it. It is an error if a process was started
// whose end nobody saw: it was killed, and what it used is not known.
func Read(file string) (Total, error) {
	content, err := os.ReadFile(file) //nolint:gosec // The benchmark names it.
	if errors.Is(err, fs.ErrNotExist) {
		return Total{}, errors.New("no provider process was started")
	}
	if err != nil {
		return Total{}, err
	}
	var total Total
	ended := 0
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		var record Record
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return Total{}, fmt.Errorf("%s: %w", file, err)
		}
		switch record.Event {
		case Started:
			total.Processes++
		case Ended:
			ended++
			total.CPU += record.CPU
			total.Peak = max(total.Peak, record.Peak)
		}
	}
	if ended != total.Processes {
		return Total{}, fmt.Errorf("%d provider processes were started, %d ended by themselves", total.Processes, ended)
	}
	return total, os.Remove(file)
}
