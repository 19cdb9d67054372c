package twcloud

import (
	"context"
	"sync"
)

// nameLocks let one caller at a time work under a name.
type nameLocks struct {
	mu    sync.Mutex
	locks map[string]*nameLock
}

type nameLock struct {
	held  chan struct{}
	users int
}

func newNameLocks() *nameLocks { return &nameLocks{locks: map[string]*nameLock{}} }

// lock waits until the name is free, or the context ends, and returns what
// frees it again.
func (n *nameLocks) lock(ctx context.Context, name string) (unlock func(), err error) {
	n.mu.Lock()
	lock := n.locks[name]
	if lock == nil {
		lock = &nameLock{held: make(chan struct{}, 1)}
		n.locks[name] = lock
	}
	lock.users++
	n.mu.Unlock()

	leave := func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if lock.users--; lock.users == 0 {
			delete(n.locks, name)
		}
	}
	select {
	case lock.held <- struct{}{}:
		return func() { <-lock.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
