package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// The limit of the memory gives way to what is in use, and comes back. This test
// changes the process, so it is not parallel.
func TestTuneCollector(t *testing.T) { //nolint:paralleltest // As above.
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	cycles := make(chan struct{}, 1)
	afterEachCycle(func() {
		select {
		case cycles <- struct{}{}:
		default:
		}
	})
	for range 2 { // The second one shows that it goes on.
		for done := false; !done; {
			runtime.GC()
			select {
			case <-cycles:
				done = true
			default:
				runtime.Gosched()
			}
		}
	}
	tuneCollector()
	used := make([]byte, 2*usualMemory)
	runtime.GC()
	giveWay()
	if got := debug.SetMemoryLimit(-1); got < 2*int64(len(used)) {
		t.Errorf("the limit is %d bytes with %d in use", got, len(used))
	}
	runtime.KeepAlive(used)
	runtime.GC()
	giveWay()
	if got := debug.SetMemoryLimit(-1); got != usualMemory {
		t.Errorf("the limit is %d bytes with nothing in use", got)
	}
}
