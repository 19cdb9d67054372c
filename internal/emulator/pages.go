package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// defaultPageSize makes pages of small lists, too.
const defaultPageSize = 3

// tokenParameter is the parameter of the pages that link to each other.
const tokenParameter = "page_token"

// tokenFormat has characters that a client must escape.
const tokenFormat = "after=%d&more"

// pageParameter is the parameter of the query that selects a page. It is empty if
// there are no pages.
func pageParameter(pages *profile.Pages) string {
	switch pages.By {
	case "none":
		return ""
	case "link", "next":
		return tokenParameter
	}
	return pages.Parameter
}

// listPage answers one page of a list, in order of registration. The caller holds
// the lock.
func (s *Server) listPage(x *exchange, c *call, items []listed) *answer {
	pages, position := c.Pages, c.values.Page.Get(pageParameter(c.Pages))
	start, err := 0, error(nil)
	switch {
	case position == "":
	case pages.By == "number":
		start, err = strconv.Atoi(position)
		start = (start - pages.First) * s.config.PageSize
	case pages.By == "offset":
		start, err = strconv.Atoi(position)
	default:
		start, err = after(position, items)
	}
	if err != nil || start < 0 {
		return s.refuse(c, http.StatusBadRequest, "There is no such page.")
	}
	start = min(start, len(items))
	end := min(start+s.config.PageSize, len(items))
	next := ""
	if end < len(items) {
		next = fmt.Sprintf(tokenFormat, items[end-1].number)
		switch pages.By {
		case "link": // RFC 8288.
			next = requestOrigin(x.request) + s.nextPath(x, c, next)
		case "next":
			next = s.nextPath(x, c, next)
		}
	}
	a := s.writeList(c, items[start:end])
	r := &profile.Response{Status: a.status, Header: a.header, Body: a.body}
	c.WritePage(r, next, len(items))
	return profileAnswer(r)
}

// nextPath is the path of the list with its query and the token of a page.
func (s *Server) nextPath(x *exchange, c *call, token string) string {
	query := url.Values{tokenParameter: {token}}
	for name, value := range c.Query {
		query.Set(name, value)
	}
	return s.config.prefix(x.part) + x.path + "?" + query.Encode()
}

// after finds the first item after the one that a token names by its number,
// which may have been removed since.
func after(token string, items []listed) (int, error) {
	var last int
	if _, err := fmt.Sscanf(token, tokenFormat, &last); err != nil {
		return 0, err
	}
	i := slices.IndexFunc(items, func(item listed) bool { return item.number > last })
	if i < 0 {
		i = len(items)
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
