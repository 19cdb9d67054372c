package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// usualMemory is more than a plan of thousands of consumers keeps.
const usualMemory = 64 << 20

// tuneCollector lets the heap grow before it is collected, up to a limit. Most
// of what a plan allocates is short-lived, and the heap is small. GOGC or
// GOMEMLIMIT in the environment take precedence.
func tuneCollector() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(usualMemory)
		afterEachCycle(giveWay)
	}
}

// giveWay raises the limit to twice the memory in use, or lowers it again. Near the
// limit, the collector would run all the time.
func giveWay() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	wanted := max(usualMemory, 2*int64(live[0].Value.Uint64())) //nolint:gosec // A heap is smaller.
	if wanted != debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(wanted)
	}
}

// afterEachCycle calls a function after each cycle of the collector.
func afterEachCycle(do func()) {
	type collected struct{ _ *int } // Without a pointer, it could be kept with others.
	runtime.AddCleanup(&collected{}, func(do func()) {
		do()
		afterEachCycle(do)
	}, do)
}
