package twcloudtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// defaultPageSize makes pages of small lists, too.
const defaultPageSize = 3

// tokenParameter is the parameter of the pages that link to each other.
const tokenParameter = "page_token"

// listPage answers one page of the consumers, in order of registration. The
// caller holds the lock.
func (s *Server) listPage(x *exchange, consumers []*storedConsumer) *answer {
	pages, query := x.call.Pages, x.request.URL.Query()
	var start int
	var err error
	switch pages.By {
	case "number":
		start, err = number(query, pages.Parameter, pages.First)
		start = (start - pages.First) * s.config.PageSize
	case "offset":
		start, err = number(query, pages.Parameter, 0)
	case "cursor":
		start, err = after(query.Get(pages.Parameter), consumers)
	default:
		start, err = after(query.Get(tokenParameter), consumers)
	}
	if err != nil || start < 0 {
		return s.failure(s.config.RefusalStatus, "There is no such page.")
	}
	start = min(start, len(consumers))
	end := min(start+s.config.PageSize, len(consumers))
	next := ""
	if end < len(consumers) {
		next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "after=%d", consumers[end-1].number))
	}
	a := s.listAnswer(x.call, consumers[start:end], func(document any) any {
		switch {
		case pages.By == "cursor" && next == "":
			return setAt(document, pages.Pointer, nil)
		case pages.By == "cursor":
			return setAt(document, pages.Pointer, next)
		case pages.By == "next" && next != "":
			return setAt(document, pages.Pointer, s.nextPath(x, next))
		case pages.Total != nil:
			return setAt(document, *pages.Total, len(consumers))
		}
		return document
	})
	if pages.By == "link" {
		link(a, requestOrigin(x.request), s.nextPath(x, ""), s.nextPath(x, next), next != "")
	}
	return a
}

// link sets the header of RFC 8288.
func link(a *answer, origin, first, next string, more bool) {
	value := "<" + origin + first + `>; rel="first"`
	if more {
		value += ", <" + origin + next + `>; rel="next"; title="more, please"`
	}
	a.header.Set("Link", value)
}

// nextPath is the path of the list with its query and the token of a page.
func (s *Server) nextPath(x *exchange, token string) string {
	query := url.Values{}
	for name, value := range x.call.Query {
		query.Set(name, value)
	}
	if token != "" {
		query.Set(tokenParameter, token)
	}
	path := s.config.PathPrefix + x.path
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

func number(query url.Values, parameter string, missing int) (int, error) {
	if !query.Has(parameter) {
		return missing, nil
	}
	return strconv.Atoi(query.Get(parameter))
}

// after finds the first consumer after the one that a token names by its number,
// which may have been removed since.
func after(token string, consumers []*storedConsumer) (int, error) {
	if token == "" {
		return 0, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}
	var last int
	if _, err := fmt.Sscanf(string(decoded), "after=%d", &last); err != nil {
		return 0, errors.New("the token is malformed")
	}
	for i, stored := range consumers {
		if stored.number > last {
			return i, nil
		}
	}
	return len(consumers), nil
}

// requestOrigin is the scheme, host and port that the client has used.
func requestOrigin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
