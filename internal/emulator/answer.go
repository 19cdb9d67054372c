package emulator

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// exchange is one request on its way through the handlers.
type exchange struct {
	part    string // REST or WebApp
	request *http.Request
	body    []byte

	// path is escaped and without the path prefix.
	path string

	// operation is the path of the endpoint in the OpenAPI document, or empty if
	// there is none. parameters are the values of its parameters, unescaped.
	operation  string
	parameters map[string]string

	// call is the call of the consumer API that the request is, or nil.
	call *call

	// session is the one that the call belongs to, if it needs one.
	session *session
}

// answer is what a handler returns. It is written in one go, so that faults can
// replace, cut or lose it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func newAnswer(status int, contentType string, body []byte) *answer {
	a := &answer{status: status, header: http.Header{}, body: body}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

func jsonAnswer(status int, value any) *answer {
	body, err := json.Marshal(value)
	if err != nil {
		return newAnswer(http.StatusInternalServerError, "text/plain; charset=utf-8", []byte(err.Error()))
	}
	return newAnswer(status, "application/json", body)
}

// failure is a response with a message (A).
func failure(status int, message string) *answer {
	return jsonAnswer(status, wire.Error{Message: message})
}

// htmlAnswer is a web page. body is HTML.
func htmlAnswer(status int, title, body string) *answer {
	title = html.EscapeString(title)
	return newAnswer(status, "text/html; charset=utf-8", fmt.Appendf(nil,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><title>%s</title></head>\n<body><h1>%s</h1>\n%s\n</body></html>\n",
		title, title, body))
}

// write sends the response.
func (a *answer) write(w http.ResponseWriter) {
	a.writeHeader(w, true)
	_, _ = w.Write(a.body)
}

// writeHeader sends everything but the body.
func (a *answer) writeHeader(w http.ResponseWriter, withLength bool) {
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	if len(a.body) == 0 && a.header.Get("Content-Type") == "" {
		header["Content-Type"] = nil // net/http would guess one.
	}
	if withLength && a.status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
}
