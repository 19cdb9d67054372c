package main

import (
	"errors"
	"os"
	"syscall"
	"testing"
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
	if err := wait(drain, served, signals, 0); !errors.Is(err, ended) || !drained {
		t.Errorf("got %v, drained: %t", err, drained)
	}
}

func TestWait_noticesThatTheParentIsGone(t *testing.T) {
	t.Parallel()
	served := make(chan error, 1)
	// No process has the parent 1 but those that have lost theirs.
	if os.Getppid() == 1 {
		t.Skip("this process has lost its parent")
	}
	if err := wait(func() { served <- nil }, served, nil, 1); err != nil {
		t.Error(err)
	}
}

func TestWait_servedToTheEnd(t *testing.T) {
	t.Parallel()
	served := make(chan error, 1)
	served <- nil
	if err := wait(func() { t.Error("drained") }, served, nil, os.Getppid()); err != nil {
		t.Error(err)
	}
}
