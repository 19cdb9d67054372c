package twcloudtest

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// state is what the server knows. Its mutex guards everything in it.
type state struct {
	mu        sync.Mutex
	consumers map[string]*storedConsumer
	order     []string // keys in order of registration
	lists     uint64   // how many lists have been answered
	stored    int      // how many consumers have been stored

	sessions       map[string]*session
	logins         int
	logouts        int
	sessionsOpened int

	tokens map[string]*token
	nonces map[string]time.Time // with the time after which they are forgotten

	// Beyond these numbers, the expired ones are removed.
	tokensKept, noncesKept int
}

// storedConsumer is a consumer and what is known of it besides.
type storedConsumer struct {
	Consumer
	created time.Time
	number  int // in order of registration, from 1
}

func newState() *state {
	return &state{
		consumers: map[string]*storedConsumer{},
		sessions:  map[string]*session{},
		tokens:    map[string]*token{},
		nonces:    map[string]time.Time{},
	}
}

// errNameTaken is returned only under Config.UniqueNames.
var errNameTaken = errors.New("a consumer of this name exists already")

// errNoKey says that Config.NewKey only returns keys that are in use, or empty
// ones.
var errNoKey = errors.New("no unused key could be generated")

func (st *state) nameTaken(name, except string) bool {
	for key, c := range st.consumers {
		if key != except && c.Name == name {
			return true
		}
	}
	return false
}

// register stores a consumer under a new key.
func (s *Server) register(input consumerInput) (storedConsumer, error) {
	st := s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if s.config.UniqueNames && st.nameTaken(*input.name, "") {
		return storedConsumer{}, errNameTaken
	}
	key, err := s.newKey()
	if err != nil {
		return storedConsumer{}, err
	}
	c := Consumer{Key: key, Name: *input.name, Secret: *input.secret, Approved: input.approved != nil && *input.approved}
	return *st.put(c, s.now()), nil
}

func (s *Server) newKey() (string, error) {
	for range 100 {
		key := s.config.NewKey()
		if _, taken := s.state.consumers[key]; key != "" && !taken {
			return key, nil
		}
	}
	return "", errNoKey
}

func (st *state) put(c Consumer, now time.Time) *storedConsumer {
	stored, ok := st.consumers[c.Key]
	if !ok {
		st.stored++
		stored = &storedConsumer{created: now, number: st.stored}
		st.consumers[c.Key] = stored
		st.order = append(st.order, c.Key)
	}
	stored.Consumer = c
	return stored
}

func (st *state) remove(key string) bool {
	if _, ok := st.consumers[key]; !ok {
		return false
	}
	delete(st.consumers, key)
	st.order = slices.DeleteFunc(st.order, func(k string) bool { return k == key })
	return true
}

// AddConsumer stores a consumer behind Terraform's back and returns it. An empty
// key is generated; a key that exists is overwritten. Unlike a registration
// on the wire, it can be approved at once, and its name or secret may be empty.
func (s *Server) AddConsumer(c Consumer) Consumer {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if c.Key == "" {
		key, err := s.newKey()
		if err != nil {
			key = randomHex(16)
		}
		c.Key = key
	}
	return s.state.put(c, s.now()).Consumer
}

// Consumers returns every consumer, with its secret, in order of registration.
func (s *Server) Consumers() []Consumer {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	consumers := make([]Consumer, 0, len(s.state.order))
	for _, key := range s.state.order {
		consumers = append(consumers, s.state.consumers[key].Consumer)
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
	if !ok {
		return false
	}
	changed := stored.Consumer
	change(&changed)
	changed.Key = key
	stored.Consumer = changed
	return true
}

// RemoveConsumer removes a consumer behind Terraform's back and reports whether
// it existed.
func (s *Server) RemoveConsumer(key string) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return s.state.remove(key)
}

// user returns the user of this name.
func (s *Server) user(name string) (User, bool) {
	for _, u := range s.config.Users {
		if u.Name == name {
			return u, true
		}
	}
	return User{}, false
}
