package twcloudtest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody is the largest body of a request, in bytes.
const maxBody = 1 << 20

// serve handles one request: record, hook, fault or handler, contract,
// answer.
func (s *Server) serve(part string, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		panic(http.ErrAbortHandler) // The client has gone.
	}
	connection, _ := r.Context().Value(connectionKey{}).(int)
	x := &exchange{part: part, request: r, body: body, path: strings.TrimPrefix(r.URL.EscapedPath(), s.config.PathPrefix)}

	found, a := s.route(x)
	described := describe(part, connection, r, body)
	if x.call != nil {
		described.Call = x.call.name
	}
	entry := s.recorder.arrive(described)
	request := s.recorder.setFault(entry, "")
	fault := s.script.next(request)
	if fault != nil {
		request = s.recorder.setFault(entry, fault.Kind.String())
	}
	s.callHook(request)

	if tooLarge != nil {
		a = s.failure(http.StatusBadRequest, "The body is too large.")
	}
	if a == nil && (fault == nil || fault.Kind.Handled()) {
		a = s.handle(x, found)
	}
	s.delay(r)
	if s.contract != nil {
		s.contract.check(r.Context(), x, a, fault != nil)
	}
	s.logLine(request, fault, a)
	if fault == nil {
		s.recorder.leave(entry, a.status)
		a.write(w)
		return
	}
	s.applyFault(w, x, entry, fault, a)
}

func (s *Server) callHook(request Request) {
	s.hookMu.Lock()
	hook := s.onRequest
	s.hookMu.Unlock()
	if hook == nil {
		return
	}
	s.moveHook(1)
	defer s.moveHook(-1)
	hook(request)
}

func (s *Server) moveHook(by int) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	s.inHook += by
	s.connEnd.Broadcast()
}

// delay waits for Config.Latency, or until the client or the server has gone.
func (s *Server) delay(r *http.Request) {
	if s.config.Latency <= 0 {
		return
	}
	timer := time.NewTimer(s.config.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.done:
	}
}

// logLine writes one line about the request. The path is escaped, so that it
// cannot break the line.
func (s *Server) logLine(request Request, fault *Fault, a *answer) {
	if s.config.Log == nil {
		return
	}
	outcome := request.Fault
	if fault == nil {
		outcome = fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	s.logMu.Lock()
	defer s.logMu.Unlock()
	_, _ = fmt.Fprintf(s.config.Log, "%-6s %-6s %s -> %s\n", request.Server, request.Method, request.Path, outcome)
}
