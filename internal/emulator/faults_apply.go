package emulator

import (
	"bytes"
	"net/http"
	"strconv"
)

// applyFault applies a fault to a request. a is the regular answer if the kind of
// the fault is Handled, and nil otherwise.
func (s *Server) applyFault(w http.ResponseWriter, x *exchange, entry *Request, fault *Fault, a *answer) {
	switch fault.Kind {
	case DropBefore, DropAfter:
		s.recorder.leave(entry, 0)
		panic(http.ErrAbortHandler)
	case Hang, HangAfter:
		s.recorder.leave(entry, 0)
		s.waitUntilClosed(x)
	case HalfBody:
		s.recorder.leave(entry, a.status)
		sendHalf(w, a)
	case EndlessBody:
		s.recorder.leave(entry, a.status)
		s.sendEndless(w, x, a)
	default:
		a = s.substitute(x, fault, a)
		s.recorder.leave(entry, a.status)
		a.write(w)
	}
}

// substitute returns what is answered in place of a.
func (s *Server) substitute(x *exchange, fault *Fault, a *answer) *answer {
	status := faultKinds[fault.Kind].status
	switch fault.Kind {
	case TooManyRequests:
		a = failure(status, "There are too many requests.")
		a.header.Set("Retry-After", "0")
	case InternalError500, InternalError500After:
		a = newAnswer(status, "text/plain; charset=utf-8", []byte("Internal server error"))
	case Unauthorized401:
		s.drop(x)
		a = s.noSession()
	case Forbidden403:
		a = failure(status, "You may not do this.")
	case WebPage, WebPageAfter:
		a = signInPage()
	case Redirect302:
		a = s.challenge(x)
	case BadJSON:
		a.header.Set("Content-Type", "application/json")
		a.body = []byte(`{"key": "cut off", "name": `)
		if a.status == http.StatusNoContent {
			a.status = http.StatusOK
		}
	case NoBody:
		a.header.Del("Content-Type")
		a.body = nil
		return a
	case AnswerWith:
		a = failure(fault.Status, http.StatusText(fault.Status))
	default: // As a proxy answers in place of the server.
		a = htmlAnswer(status, strconv.Itoa(status)+" "+http.StatusText(status), "<hr><p>nginx</p>")
	}
	if fault.Body != "" {
		a.body = []byte(fault.Body)
	}
	return a
}

// signInPage is what a single sign-on proxy answers in place of the server.
func signInPage() *answer {
	return htmlAnswer(http.StatusOK, "Sign in", `<form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>`)
}

// waitUntilClosed waits until the client has closed the connection or the server is
// closed.
func (s *Server) waitUntilClosed(x *exchange) {
	select {
	case <-x.request.Context().Done():
	case <-s.closed.Done():
	}
	panic(http.ErrAbortHandler)
}

// sendHalf sends the whole header and half of the body, and breaks off.
func sendHalf(w http.ResponseWriter, a *answer) {
	if len(a.body) == 0 {
		if connection, buffer, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = buffer.WriteString("HTTP/1.1 " + strconv.Itoa(a.status) + " " + http.StatusText(a.status) + "\r\nDate: ")
			_ = buffer.Flush()
			_ = connection.Close()
		}
		return
	}
	a.writeHeader(w, true)
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

var blanks = bytes.Repeat([]byte(" "), 32<<10)

// sendEndless sends the answer without its last byte, and blanks in its place,
// so that no parser of JSON finds an end or an error. A response without a body
// becomes a 200 with blanks.
func (s *Server) sendEndless(w http.ResponseWriter, x *exchange, a *answer) {
	if a.status == http.StatusNoContent {
		a.status = http.StatusOK
	}
	a.writeHeader(w, false)
	if len(a.body) > 0 {
		_, _ = w.Write(a.body[:len(a.body)-1])
	}
	for x.request.Context().Err() == nil && s.closed.Err() == nil {
		if _, err := w.Write(blanks); err != nil {
			break
		}
	}
	panic(http.ErrAbortHandler)
}
