// Package control changes a running emulator behind Terraform's back: a page and
// commands use one small HTTP API. Consumers change, sessions expire, and requests
// fail.
//
// It has no users and no passwords, and refuses requests from the web pages of
// other sites. It is for loopback addresses.
package control

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

//go:embed page.html page.js
var page embed.FS

// New returns the control page and API of a server. It refuses requests that a web
// page could make under a name of its own site that resolves to this machine (DNS
// rebinding): the Host must be a loopback address. Bodies are JSON. No response has a
// secret.
//
//	GET    /consumers             []emulator.Consumer
//	POST   /consumers             Change; answers the consumer
//	PATCH  /consumers/{consumer}  Change; answers the consumer
//	DELETE /consumers/{consumer}  answers the consumer
//	GET    /requests              []emulator.Request
//	DELETE /requests              empties the log
//	GET    /status                Status
//	DELETE /sessions              expires all sessions
//	DELETE /sessions/applications expires those of the platform's applications
//	POST   /faults                emulator.Fault
//	DELETE /faults                removes the pending faults
//
// {consumer} is a key, or a name that only one consumer has. A failure answers
// {"message": "..."}.
func New(server *emulator.Server) http.Handler {
	a := api{server}
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(*http.Request) (any, error){
		"GET /consumers":                func(*http.Request) (any, error) { return server.Consumers(), nil },
		"POST /consumers":               a.addConsumer,
		"PATCH /consumers/{consumer}":   a.changeConsumer,
		"DELETE /consumers/{consumer}":  a.removeConsumer,
		"GET /requests":                 func(*http.Request) (any, error) { return server.Requests(), nil },
		"DELETE /requests":              act(server.ResetRequests),
		"GET /status":                   func(*http.Request) (any, error) { return a.status(), nil },
		"DELETE /sessions":              act(server.ExpireSessions),
		"DELETE /sessions/applications": act(server.ExpireApplicationSessions),
		"POST /faults":                  a.inject,
		"DELETE /faults":                act(server.ClearFaults),
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			value, err := do(r)
			switch {
			case errors.Is(err, errNoConsumer):
				answer(w, http.StatusNotFound, Failure{err.Error()})
			case err != nil:
				answer(w, http.StatusBadRequest, Failure{err.Error()})
			case value == nil:
				w.WriteHeader(http.StatusNoContent)
			default:
				answer(w, http.StatusOK, value)
			}
		})
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, page, "page.html") })
	mux.HandleFunc("GET /page.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, page, "page.js") })
	return http.NewCrossOriginProtection().Handler(guarded(mux))
}

func act(do func()) func(*http.Request) (any, error) {
	return func(*http.Request) (any, error) {
		do()
		return nil, nil //nolint:nilnil // There is nothing to answer.
	}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // The client may have gone.
}

// guarded refuses other hosts, and tells a browser to load nothing from elsewhere, and
// to keep nothing.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Loopback(r.Host) {
			answer(w, http.StatusForbidden, Failure{"the Host is not a loopback address"})
			return
		}
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// Loopback reports whether only this machine can reach an address, with or without
// a port.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Failure is the body of a response that is a failure.
type Failure struct {
	Message string `json:"message"`
}

// Change says what becomes of a consumer. Nil leaves things as they are. Only a
// new consumer can be given a key; without one, the server generates it.
type Change struct {
	Key      string  `json:"key,omitempty"`
	Name     *string `json:"name,omitempty"`
	Secret   *string `json:"secret,omitempty"`
	Approved *bool   `json:"approved,omitempty"`
}

// Status is what the emulator does. Zero seats are no limit.
type Status struct {
	REST             string               `json:"rest"`
	WebApp           string               `json:"webApp"`
	Authentication   string               `json:"authentication"`
	AdminPage        string               `json:"adminPage"`
	Seats            int                  `json:"seats"`
	Sessions         []emulator.Session   `json:"sessions"`
	Logins           int                  `json:"logins"`
	Logouts          int                  `json:"logouts"`
	PlatformSessions []authserver.Session `json:"platformSessions"`
	Platform         authserver.Counts    `json:"platform"`
	FaultKinds       []emulator.FaultKind `json:"faultKinds"`
	PendingFaults    int                  `json:"pendingFaults"`
}

var errNoConsumer = errors.New("no consumer has this key or name")

type api struct {
	server *emulator.Server
}

// find returns the consumer with a key or, if only one has it, a name.
func (a api) find(r *http.Request) (emulator.Consumer, error) {
	text := r.PathValue("consumer")
	found, ok := a.server.Consumer(text)
	if ok {
		return found, nil
	}
	var keys []string
	for _, consumer := range a.server.Consumers() {
		if consumer.Name == text {
			found, keys = consumer, append(keys, consumer.Key)
		}
	}
	switch len(keys) {
	case 1:
		return found, nil
	case 0:
		return found, fmt.Errorf("%w: %q", errNoConsumer, text)
	default:
		return found, fmt.Errorf("%d consumers have the name %q; use one of their keys: %s", len(keys), text, strings.Join(keys, ", "))
	}
}

// parse reads a JSON body.
func parse(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the body is malformed: %w", err)
	}
	return nil
}

func parseChange(r *http.Request) (Change, error) {
	var change Change
	err := parse(r, &change)
	switch {
	case err != nil:
	case change.Name != nil && strings.TrimSpace(*change.Name) == "":
		err = errors.New("the name must not be blank")
	case change.Secret != nil && *change.Secret == "":
		err = errors.New("the secret must not be empty")
	}
	return change, err
}

func (a api) addConsumer(r *http.Request) (any, error) {
	change, err := parseChange(r)
	if err != nil {
		return nil, err
	}
	if change.Name == nil || change.Secret == nil {
		return nil, errors.New("name and secret are required")
	}
	if _, taken := a.server.Consumer(change.Key); taken {
		return nil, fmt.Errorf("a consumer has the key %q already", change.Key)
	}
	return a.server.AddConsumer(emulator.Consumer{
		Key: change.Key, Name: *change.Name, Secret: *change.Secret, Approved: change.Approved != nil && *change.Approved,
	}), nil
}

func (a api) changeConsumer(r *http.Request) (any, error) {
	change, err := parseChange(r)
	if err != nil {
		return nil, err
	}
	if change.Key != "" {
		return nil, errors.New("the key cannot be changed")
	}
	found, err := a.find(r)
	if err != nil {
		return nil, err
	}
	a.server.UpdateConsumer(found.Key, func(c *emulator.Consumer) {
		if change.Name != nil {
			c.Name = *change.Name
		}
		if change.Secret != nil {
			c.Secret = *change.Secret
		}
		if change.Approved != nil {
			c.Approved = *change.Approved
		}
		found = *c
	})
	return found, nil
}

func (a api) removeConsumer(r *http.Request) (any, error) {
	found, err := a.find(r)
	if err != nil {
		return nil, err
	}
	a.server.RemoveConsumer(found.Key)
	return found, nil
}

func (a api) status() Status {
	return Status{
		REST: a.server.URL(), WebApp: a.server.WebAppURL(), Authentication: a.server.AuthenticationURL(), AdminPage: a.server.AdminPageURL(),
		Seats: a.server.Seats(), Sessions: a.server.Sessions(), Logins: a.server.Logins(), Logouts: a.server.Logouts(),
		PlatformSessions: a.server.PlatformSessions(), Platform: a.server.PlatformCounts(),
		FaultKinds: emulator.AllFaultKinds(), PendingFaults: a.server.PendingFaults(),
	}
}

func (a api) inject(r *http.Request) (any, error) {
	var fault emulator.Fault
	if err := parse(r, &fault); err != nil {
		return nil, err
	}
	switch {
	case fault.Kind == 0:
		return nil, errors.New("the kind of the fault is missing")
	case fault.Kind == emulator.AnswerWith && (fault.Status < 200 || fault.Status > 599):
		return nil, errors.New("answer-with needs a status from 200 to 599")
	case fault.Server != "" && fault.Server != emulator.REST && fault.Server != emulator.WebApp:
		return nil, errors.New("the server must be rest or webapp")
	case fault.Kind != emulator.AnswerWith && fault.Status != 0:
		return nil, errors.New("only answer-with takes a status")
	case fault.Times < -1:
		return nil, errors.New("the number of times must be positive, or -1 for all requests from now on")
	}
	fault.Method = strings.ToUpper(fault.Method)
	a.server.Inject(fault)
	return nil, nil //nolint:nilnil // There is nothing to answer.
}
