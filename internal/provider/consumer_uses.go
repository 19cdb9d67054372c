package provider

import (
	"sync"
	"sync/atomic"
)

// consumerUses are the consumers that resources of this run have, and the names
// that the plan gives them. Terraform reads and plans each resource once, in this
// order, except that it reads one that is not configured any more after its
// removal is planned. In an apply, it plans again, but reads nothing.
type consumerUses struct {
	// found is true after a read has found a consumer, and applying after the first
	// change.
	found, applying atomic.Bool

	mu    sync.Mutex
	keys  map[string]*keyUses
	names map[string]*nameUses
}

// keyUses are the resources that have a consumer.
type keyUses struct {
	managed bool // It is in state.
	reads   int
	// removing and changing are true if a plan removes or changes it.
	removing, changing bool
}

// nameUses are the resources that have a name, or had it before this plan.
type nameUses struct {
	// kept are the consumers that have the name after this plan, by key.
	kept map[string]keptName
	// registered counts new consumers.
	registered int
	// removed is the key of a consumer with this name that the plan removes.
	removed string
	// missed is the key of a consumer without a known secret that was removed outside
	// of Terraform.
	missed string
}

// keptName is a consumer that has a name after a plan.
type keptName struct {
	isNew  bool
	wanted wantedConsumer
}

// wantedConsumer is what tells the configuration of a consumer from that of
// another one with the same name.
type wantedConsumer struct {
	approved         bool
	secret, secretWO string
}

// of returns the uses of a consumer.
func (u *consumerUses) of(key string) keyUses { return u.note(key, func(*keyUses) {}) }

// note changes the uses of a consumer, and returns them.
func (u *consumerUses) note(key string, change func(*keyUses)) keyUses {
	u.mu.Lock()
	defer u.mu.Unlock()
	uses := entry(&u.keys, key)
	change(uses)
	return *uses
}

// read notes that a resource with this key is being read.
func (u *consumerUses) read(key string) {
	u.note(key, func(uses *keyUses) { uses.managed, uses.reads = true, uses.reads+1 })
}

// manage notes that a consumer is in state.
func (u *consumerUses) manage(key string) {
	u.note(key, func(uses *keyUses) { uses.managed = true })
}

// change notes whether the plan of a resource changes a consumer, and returns how many
// resources with its key were read, and whether the plan of any changes it so far.
func (u *consumerUses) change(key string, changes bool) (readers int, changed bool) {
	uses := u.note(key, func(uses *keyUses) { uses.changing = uses.changing || changes })
	return uses.reads, uses.changing
}

// miss notes that a read has not found a consumer.
func (u *consumerUses) miss(name, key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	entry(&u.names, name).missed = key
}

// missed returns the key that a consumer had that a read has not found.
func (u *consumerUses) missed(name string) (key string, missed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	key = entry(&u.names, name).missed
	return key, key != ""
}

// keep notes that a consumer has a name after this plan. It reports whether
// another one has it as well, and the name is new to one of them.
func (u *consumerUses) keep(name, key string, isNew bool, wanted wantedConsumer) (shared bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	uses := entry(&u.names, name)
	if uses.kept == nil {
		uses.kept = map[string]keptName{}
	}
	uses.kept[key] = keptName{isNew, wanted}
	for other, kept := range uses.kept {
		shared = shared || other != key && (isNew || kept.isNew)
	}
	return shared || uses.registered > 0
}

// register notes that this plan registers a consumer with a name. It reports
// whether another one has the name as well, and the key of a consumer with this
// name that the plan removes. To replace a consumer, Terraform plans it twice with
// one configuration: first as kept.
func (u *consumerUses) register(name string, wanted wantedConsumer) (shared bool, removed string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	uses := entry(&u.names, name)
	for _, kept := range uses.kept {
		shared = shared || kept.isNew || kept.wanted != wanted
	}
	uses.registered++
	if !u.applying.Load() { // Otherwise, it may be the consumer that is being replaced.
		removed = uses.removed
	}
	return shared || uses.registered > 1, removed
}

// remove notes that this plan removes a consumer. It reports whether the plan
// registers another one with its name.
func (u *consumerUses) remove(name, key string) (registered bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	of := entry(&u.keys, key)
	of.managed, of.removing = true, true
	uses := entry(&u.names, name)
	uses.removed = key
	return uses.registered > 0 && !u.applying.Load()
}

// entry returns the value of a key in a map, which it makes if there is none.
func entry[V any](values *map[string]*V, key string) *V {
	if *values == nil {
		*values = map[string]*V{}
	}
	if (*values)[key] == nil {
		(*values)[key] = new(V)
	}
	return (*values)[key]
}
