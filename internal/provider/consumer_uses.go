package provider

import "sync"

// consumerUses are the consumers that resources of this run have, and the names
// that the plan gives them. Terraform reads and plans each resource once, in this
// order, except that it reads one that is not configured any more after its
// removal is planned. In an apply, it plans again, but reads nothing.
type consumerUses struct {
	mu sync.Mutex
	// managed are the keys that are in state.
	managed map[string]bool
	// reads counts how many resources were read, by key.
	reads map[string]int
	// removing are the keys of consumers whose removal is planned, and changing those of
	// which a change is planned.
	removing, changing map[string]bool
	names              map[string]*nameUses
	// removed are the keys of consumers without a known secret that were removed
	// outside of Terraform, by name.
	removed map[string]string
	// found is true if a read has found a consumer.
	found bool
	// applying is true after the first change.
	applying bool
}

// nameUses are the resources that have a name, or had it before this plan.
type nameUses struct {
	// kept are the consumers that have the name after this plan, by key.
	kept map[string]keptName
	// registered counts new consumers.
	registered int
	// removed is the key of a consumer with this name that the plan removes.
	removed string
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

// read notes that a resource with this key is being read.
func (u *consumerUses) read(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.managed = set(u.managed, key, true)
	u.reads = set(u.reads, key, u.reads[key]+1)
}

// isRemoving reports whether the removal of a consumer is planned.
func (u *consumerUses) isRemoving(key string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.removing[key]
}

// apply notes that the plan is being applied.
func (u *consumerUses) apply() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.applying = true
}

// manage notes that a consumer is in state.
func (u *consumerUses) manage(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.managed = set(u.managed, key, true)
}

// isManaged reports whether a consumer is in state.
func (u *consumerUses) isManaged(key string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.managed[key]
}

// readers returns how many resources with this key were read.
func (u *consumerUses) readers(key string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.reads[key]
}

// change notes whether the plan of a resource changes a consumer, and reports whether
// that of any resource does so far.
func (u *consumerUses) change(key string, changes bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.changing = set(u.changing, key, u.changing[key] || changes)
	return u.changing[key]
}

// find notes that a read has found a consumer.
func (u *consumerUses) find() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.found = true
}

// noneFound reports whether no read has found a consumer.
func (u *consumerUses) noneFound() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.found
}

// miss notes that a read has not found a consumer.
func (u *consumerUses) miss(name, key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.removed = set(u.removed, name, key)
}

// missed returns the key that a consumer had that a read has not found.
func (u *consumerUses) missed(name string) (key string, missed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	key, missed = u.removed[name]
	return key, missed
}

// keep notes that a consumer has a name after this plan. It reports whether
// another one has it as well, and the name is new to one of them.
func (u *consumerUses) keep(name, key string, isNew bool, wanted wantedConsumer) (shared bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	uses := u.usesOf(name)
	uses.kept = set(uses.kept, key, keptName{isNew, wanted})
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
	uses := u.usesOf(name)
	for _, kept := range uses.kept {
		shared = shared || kept.isNew || kept.wanted != wanted
	}
	uses.registered++
	if u.applying {
		// It may be the consumer that is being replaced.
		return shared || uses.registered > 1, ""
	}
	return shared || uses.registered > 1, uses.removed
}

// remove notes that this plan removes a consumer. It reports whether the plan
// registers another one with its name.
func (u *consumerUses) remove(name, key string) (registered bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.managed = set(u.managed, key, true)
	u.removing = set(u.removing, key, true)
	uses := u.usesOf(name)
	uses.removed = key
	return uses.registered > 0 && !u.applying
}

func (u *consumerUses) usesOf(name string) *nameUses {
	if u.names[name] == nil {
		u.names = set(u.names, name, &nameUses{})
	}
	return u.names[name]
}

// set sets a value in a map, which may be nil.
func set[V any](values map[string]V, key string, value V) map[string]V {
	if values == nil {
		values = map[string]V{}
	}
	values[key] = value
	return values
}
