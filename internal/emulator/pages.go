package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// defaultPageSize makes pages of small lists, too.
const defaultPageSize = 3

// tokenParameter is the parameter of the pages that link to each other.
const tokenParameter = "page_token"

// tokenFormat has characters that a client must escape.
const tokenFormat = "after=%d&more"

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
		return failure(http.StatusBadRequest, "There is no such page.")
	}
	start = min(start, len(consumers))
	end := min(start+s.config.PageSize, len(consumers))
	next := ""
	if end < len(consumers) {
		next = fmt.Sprintf(tokenFormat, consumers[end-1].number)
	}
	document := s.listDocument(x.call, consumers[start:end])
	switch {
	case pages.By == "cursor" && next == "":
		document = setAt(document, pages.Pointer, nil)
	case pages.By == "cursor":
		document = setAt(document, pages.Pointer, next)
	case pages.By == "next" && next != "":
		document = setAt(document, pages.Pointer, s.nextPath(x, next))
	case pages.Total != nil:
		document = setAt(document, *pages.Total, len(consumers))
	}
	a := shapedAnswer(x.call, document)
	if pages.By == "link" { // RFC 8288.
		value := "<" + requestOrigin(x.request) + s.nextPath(x, "") + `>; rel="first"`
		if next != "" {
			value += ", <" + requestOrigin(x.request) + s.nextPath(x, next) + `>; rel="next"; title="more, please"`
		}
		a.header.Set("Link", value)
	}
	return a
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
	var last int
	if _, err := fmt.Sscanf(token, tokenFormat, &last); err != nil {
		return 0, err
	}
	i := slices.IndexFunc(consumers, func(stored *storedConsumer) bool { return stored.number > last })
	if i < 0 {
		i = len(consumers)
	}
	return i, nil
}

// requestOrigin is the scheme, host and port that the client has used.
func requestOrigin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
