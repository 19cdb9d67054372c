// Package control is the back door of the emulator: a small HTTP API, a page for
// browsers that looks like TWCloud Admin, and a client of that API for the
// command line. With it, consumers change behind Terraform's back, sessions
// expire, and requests meet with faults.
//
// It knows no users and no passwords. It is for loopback addresses, and refuses
// what a web page of another site sends.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	jsonType = "application/json"
	maxBody  = 1 << 20 // bytes
)

// Consumer is an OAuth consumer. Its secret is there only if it was asked for.
type Consumer struct {
	Key      string `json:"key"`
	Name     string `json:"name"`
	Approved bool   `json:"approved"`
	Secret   string `json:"secret,omitempty"`
}

// Change is what is to become of a consumer. Nil leaves things as they are.
type Change struct {
	Name     *string `json:"name,omitempty"`
	Secret   *string `json:"secret,omitempty"`
	Approved *bool   `json:"approved,omitempty"`
}

// Request is a request from the emulator's log.
type Request struct {
	Index               int      `json:"index"`
	Server              string   `json:"server"`
	Method              string   `json:"method"`
	Call                string   `json:"call,omitempty"`
	Path                string   `json:"path"`
	Query               string   `json:"query,omitempty"`
	Status              int      `json:"status"`
	HasCookie           bool     `json:"hasCookie"`
	AuthorizationScheme string   `json:"authorizationScheme,omitempty"`
	Fields              []string `json:"fields,omitempty"`
	Connection          int      `json:"connection"`
	UserAgent           string   `json:"userAgent,omitempty"`
	Fault               string   `json:"fault,omitempty"`
}

// Session is an open session.
type Session struct {
	Number   int       `json:"number"`
	User     string    `json:"user"`
	Opened   time.Time `json:"opened"`
	LastUsed time.Time `json:"lastUsed"`
}

// Sessions are the open sessions and the seats; no seats mean any number.
type Sessions struct {
	Seats   int       `json:"seats"`
	Open    []Session `json:"open"`
	Logins  int       `json:"logins"`
	Logouts int       `json:"logouts"`
}

// Fault is a fault to come; see twcloudtest.Fault. Kind is a name such as
// "drop-after".
type Fault struct {
	Kind       string `json:"kind"`
	Server     string `json:"server,omitempty"`
	Method     string `json:"method,omitempty"`
	PathSuffix string `json:"pathSuffix,omitempty"`
	Index      int    `json:"index,omitempty"`
	Times      int    `json:"times,omitempty"`
	RetryAfter string `json:"retryAfter,omitempty"`
	Body       string `json:"body,omitempty"`
	Status     int    `json:"status,omitempty"`
}

// Faults are the names of all kinds, and how many faults are still to come.
type Faults struct {
	Kinds   []string `json:"kinds"`
	Pending int      `json:"pending"`
}

type failure struct {
	Message string `json:"message"`
}

// Options of New.
type Options struct {
	// AllowRemote accepts requests whose Host is not a loopback address.
	AllowRemote bool
}

type plane struct {
	server *twcloudtest.Server
}

// New returns the handler of the control plane of a server.
func New(server *twcloudtest.Server, options Options) http.Handler {
	p := plane{server}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /consumers", p.listConsumers)
	mux.HandleFunc("POST /consumers", p.addConsumer)
	mux.HandleFunc("GET /consumers/{key}", p.readConsumer)
	mux.HandleFunc("PATCH /consumers/{key}", p.updateConsumer)
	mux.HandleFunc("DELETE /consumers/{key}", p.removeConsumer)
	mux.HandleFunc("GET /requests", p.listRequests)
	mux.HandleFunc("DELETE /requests", p.resetRequests)
	mux.HandleFunc("GET /sessions", p.listSessions)
	mux.HandleFunc("POST /sessions/expire", p.expireSessions)
	mux.HandleFunc("GET /faults", p.listFaults)
	mux.HandleFunc("POST /faults", p.addFault)
	mux.HandleFunc("DELETE /faults", p.clearFaults)
	mux.HandleFunc("GET /{$}", p.page)
	mux.HandleFunc("POST /page/{action}", p.act)
	return guard(mux, options)
}

// guard refuses what does not come from this machine's user: a Host that is not
// loopback (DNS rebinding), and a foreign Origin (another site's page).
func guard(next http.Handler, options Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !options.AllowRemote && !Loopback(r.Host) {
			fail(w, http.StatusForbidden, errors.New("the Host must be a loopback address"))
			return
		}
		if origin, ok := r.Header["Origin"]; ok && (len(origin) != 1 || !sameOrigin(origin[0], r.Host)) {
			fail(w, http.StatusForbidden, errors.New("the Origin is another site"))
			return
		}
		site := r.Header.Get("Sec-Fetch-Site")
		if r.Method != http.MethodGet && site != "" && site != "same-origin" && site != "none" {
			fail(w, http.StatusForbidden, errors.New("the request comes from another site"))
			return
		}
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == "http" && strings.EqualFold(u.Host, host)
}

// Loopback reports whether an address, with or without a port, is one of this
// machine alone.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func fail(w http.ResponseWriter, status int, err error) {
	answer(w, status, failure{err.Error()})
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // The client may have gone.
}

// parse reads a JSON body and reports whether it could; otherwise it has
// answered.
func parse(w http.ResponseWriter, r *http.Request, into any) bool {
	contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(contentType), jsonType) {
		fail(w, http.StatusUnsupportedMediaType, errors.New("the Content-Type must be "+jsonType))
		return false
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, rest := decoder.Token(); !errors.Is(rest, io.EOF) {
			err = errors.New("there is something behind the value")
		}
	}
	if err != nil {
		fail(w, http.StatusBadRequest, fmt.Errorf("the body is not what it should be: %w", err))
	}
	return err == nil
}
