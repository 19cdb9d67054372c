// Package control is the back door of the emulator: a small HTTP API and a page
// that uses it. With it, consumers change behind Terraform's back, sessions
// expire, and requests fail.
//
// It has no users and no passwords. It is for loopback addresses, and refuses
// requests from the web pages of other sites.
package control

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	jsonType = "application/json"
	maxBody  = 1 << 20 // bytes
)

//go:embed page.html page.js
var page embed.FS

// Options of New.
type Options struct {
	// AllowRemote accepts requests whose Host is not a loopback address.
	AllowRemote bool
}

// New returns the control page and API of a server. Bodies are JSON.
//
//	GET    /consumers[?secrets=true]  []twcloudtest.Consumer
//	POST   /consumers                 Change; answers the consumer
//	PATCH  /consumers/{consumer}      Change; answers the consumer
//	DELETE /consumers/{consumer}      answers the consumer
//	GET    /requests                  []twcloudtest.Request
//	DELETE /requests                  empties the log
//	GET    /status                    Status
//	DELETE /sessions                  expires all sessions
//	GET    /faults                    Faults
//	POST   /faults                    twcloudtest.Fault
//	DELETE /faults                    removes the pending faults
//
// {consumer} is a key, or a name that only one consumer has. A failure answers
// {"message": "..."}.
func New(server *twcloudtest.Server, options Options) http.Handler {
	a := api{server}
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(*http.Request) (any, error){
		"GET /consumers":               a.listConsumers,
		"POST /consumers":              a.addConsumer,
		"PATCH /consumers/{consumer}":  a.changeConsumer,
		"DELETE /consumers/{consumer}": a.removeConsumer,
		"GET /requests":                func(*http.Request) (any, error) { return server.Requests(), nil },
		"DELETE /requests":             act(server.ResetRequests),
		"GET /status":                  func(*http.Request) (any, error) { return a.status(), nil },
		"DELETE /sessions":             act(server.ExpireSessions),
		"GET /faults":                  func(*http.Request) (any, error) { return a.faults(), nil },
		"POST /faults":                 a.inject,
		"DELETE /faults":               act(server.ClearFaults),
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			value, err := do(r)
			switch {
			case errors.Is(err, errNoConsumer):
				answer(w, http.StatusNotFound, failure{err.Error()})
			case err != nil:
				answer(w, http.StatusBadRequest, failure{err.Error()})
			case value == nil:
				w.WriteHeader(http.StatusNoContent)
			default:
				answer(w, http.StatusOK, value)
			}
		})
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, page, "page.html") })
	mux.HandleFunc("GET /page.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, page, "page.js") })
	return guard(mux, options)
}

func act(do func()) func(*http.Request) (any, error) {
	return func(*http.Request) (any, error) {
		do()
		return nil, nil //nolint:nilnil // There is nothing to answer.
	}
}

type failure struct {
	Message string `json:"message"`
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // The client may have gone.
}

// parse reads a JSON body.
func parse(r *http.Request, into any) error {
	contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(contentType), jsonType) {
		return errors.New("the Content-Type must be " + jsonType)
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the body is malformed: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body has more than one value")
	}
	return nil
}

// guard refuses what does not come from this machine's user: a Host that is not
// loopback (DNS rebinding), and a foreign Origin (another site's page).
func guard(next http.Handler, options Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, hasOrigin := r.Header["Origin"]
		site := r.Header.Get("Sec-Fetch-Site")
		refusal := ""
		switch {
		case !options.AllowRemote && !Loopback(r.Host):
			refusal = "the Host must be a loopback address"
		case hasOrigin && (len(origin) != 1 || !sameOrigin(origin[0], r.Host)):
			refusal = "the Origin is another site"
		case r.Method != http.MethodGet && site != "" && site != "same-origin" && site != "none":
			refusal = "the request comes from another site"
		}
		if refusal != "" {
			answer(w, http.StatusForbidden, failure{refusal})
			return
		}
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
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
