package main

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestWait_drainsBeforeItGoesOn(t *testing.T) {
	t.Parallel()
	served, signals := make(chan error, 1), make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	ended := errors.New("served")
	drained := false
	drain := func() {
		drained = true
		served <- ended
	}
	if err := wait(drain, func() { t.Error("stopped") }, served, signals, 0); !errors.Is(err, ended) || !drained {
		t.Errorf("got %v, drained: %t", err, drained)
	}
}

func TestWait_stopsWhatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		served, signals := make(chan error, 1), make(chan os.Signal, 1)
		signals <- syscall.SIGTERM
		start := time.Now()
		if err := wait(func() {}, func() { served <- nil }, served, signals, 0); err != nil || time.Since(start) != drainTime {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestWait_noticesThatTheParentIsGone(t *testing.T) {
	t.Parallel()
	served := make(chan error, 1)
	// No process has the parent 1 but those that have lost theirs.
	if os.Getppid() == 1 {
		t.Skip("this process has lost its parent")
	}
	if err := wait(func() { served <- nil }, func() {}, served, nil, 1); err != nil {
		t.Error(err)
	}
}

func TestWait_servedToTheEnd(t *testing.T) {
	t.Parallel()
	served := make(chan error, 1)
	served <- nil
	if err := wait(func() { t.Error("drained") }, func() {}, served, nil, os.Getppid()); err != nil {
		t.Error(err)
	}
}
