package emulator

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

// state is what the server knows. Its mutex guards everything in it.
type state struct {
	mu        sync.Mutex
	consumers map[string]*storedConsumer // by key
	lists     uint64                     // how many lists have been answered
	stored    int                        // how many consumers have been stored

	sessions                        map[string]*session // by ID
	logins, logouts, sessionsOpened int
	platform                        map[authserver.Access]*session
	affinities                      map[string]bool // cookies of the load balancer

	nonces map[[3]string]bool
}

// storedConsumer is a consumer with what only the server knows.
type storedConsumer struct {
	Consumer
	created time.Time
	number  int // in order of registration, from 1
	version int // how many changes it has had, registration included
}

func newState() *state {
	return &state{
		consumers: map[string]*storedConsumer{}, sessions: map[string]*session{},
		platform: map[authserver.Access]*session{}, affinities: map[string]bool{},
		nonces: map[[3]string]bool{},
	}
}

// inOrder returns the consumers in order of registration. The caller holds the
// lock.
func (st *state) inOrder() []*storedConsumer {
	return slices.SortedFunc(maps.Values(st.consumers), func(a, b *storedConsumer) int { return cmp.Compare(a.number, b.number) })
}

// count returns a counter of the state.
func (st *state) count(counter *int) int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return *counter
}

// newKey generates a key that is not in use.
func (s *Server) newKey() string {
	for range 100 {
		key := s.config.NewKey()
		if _, taken := s.state.consumers[key]; key != "" && !taken {
			return key
		}
	}
	return randomHex() // Config.NewKey has run out of keys.
}

// put stores a consumer. The caller holds the lock.
func (s *Server) put(c Consumer) *storedConsumer {
	stored, ok := s.state.consumers[c.Key]
	if !ok {
		s.state.stored++
		stored = &storedConsumer{created: s.config.Now(), number: s.state.stored}
		s.state.consumers[c.Key] = stored
	}
	stored.Consumer = c
	stored.version++
	return stored
}

// AddConsumer stores a consumer behind Terraform's back and returns it. An empty
// key is generated; a key that exists is overwritten. Unlike a registration
// on the wire, it can be approved at once, and its name or secret may be empty.
func (s *Server) AddConsumer(c Consumer) Consumer {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if c.Key == "" {
		c.Key = s.newKey()
	}
	return s.put(c).Consumer
}

// Consumers returns every consumer, with its secret, in order of registration.
func (s *Server) Consumers() []Consumer {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	consumers := make([]Consumer, 0, len(s.state.consumers))
	for _, stored := range s.state.inOrder() {
		consumers = append(consumers, stored.Consumer)
	}
	return consumers
}

// Consumer returns the consumer with this key, with its secret.
func (s *Server) Consumer(key string) (Consumer, bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if stored, ok := s.state.consumers[key]; ok {
		return stored.Consumer, true
	}
	return Consumer{}, false
}

// UpdateConsumer changes a consumer behind Terraform's back and reports whether
// it exists. The key stays what it is. change must not call the server.
func (s *Server) UpdateConsumer(key string, change func(*Consumer)) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	stored, ok := s.state.consumers[key]
	if ok {
		change(&stored.Consumer)
		stored.Key = key
		stored.version++
	}
	return ok
}

// RemoveConsumer removes a consumer behind Terraform's back and reports whether
// it existed.
func (s *Server) RemoveConsumer(key string) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	_, ok := s.state.consumers[key]
	delete(s.state.consumers, key)
	return ok
}
