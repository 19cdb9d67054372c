package profile

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Page is one page of a list, on its way from the first to the last.
type Page struct {
	// Query is what the request of the page has besides the query of the call.
	Query  url.Values
	number int // from 0
	items  int // on the pages before
}

// FirstPage is the first page of a list.
func (c *Call) FirstPage() Page {
	switch pages := c.Pages; pages.By {
	case "number":
		return Page{Query: url.Values{pages.Parameter: {strconv.Itoa(pages.First)}}}
	case "offset":
		return Page{Query: url.Values{pages.Parameter: {"0"}}}
	}
	return Page{}
}

// Incomplete reports whether the error is about a list that lacks consumers.
func (e *ReadError) Incomplete() bool { return strings.HasSuffix(e.Part, ".pages") }

func (c *Call) incomplete(format string, arguments ...any) *ReadError {
	return c.unreadable("pages", "", format, arguments...)
}

// NextPage returns the page after one with so many items, those of other kinds
// included. It returns nil after the last page. Only the query of a link is used, and
// only if it leads to the same path: all pages of a list are at one place.
func (c *Call) NextPage(page Page, request *url.URL, r *Response, items int) (*Page, error) {
	next := &Page{number: page.number + 1, items: page.items + items}
	switch c.Pages.By {
	case "none":
		return nil, nil
	case "link":
		return c.linked(next, request, nextLink(r.Header))
	}
	document, err := DecodeJSON(r.Body)
	if err != nil {
		return nil, c.incomplete("the page is not JSON: %v", err)
	}
	if c.Pages.By == "number" || c.Pages.By == "offset" {
		return c.counted(next, document, items)
	}
	value, _ := Lookup(document, *c.Pages.Pointer)
	text, isText := textOf(value)
	switch {
	case value == nil, value == false, text == "" && isText:
		return nil, nil
	case !isText, value == true:
		return nil, c.incomplete("the next page at %q is a JSON %s", *c.Pages.Pointer, TypeOf(value))
	case c.Pages.By == "next":
		return c.linked(next, request, text)
	case text == page.Query.Get(c.Pages.Parameter):
		return nil, c.incomplete("the next page is the same page")
	}
	next.Query = url.Values{c.Pages.Parameter: {text}}
	return next, nil
}

// linked is the page that a link leads to.
func (c *Call) linked(next *Page, request *url.URL, link string) (*Page, error) {
	if link == "" {
		return nil, nil
	}
	target, err := request.Parse(link)
	if err != nil || strings.TrimRight(target.EscapedPath(), "/") != strings.TrimRight(request.EscapedPath(), "/") {
		return nil, c.incomplete("the next page is not one of the same list")
	}
	if next.Query, err = url.ParseQuery(target.RawQuery); err != nil {
		return nil, c.incomplete("the query of the next page cannot be read")
	}
	if next.Query.Encode() == request.Query().Encode() {
		return nil, c.incomplete("the next page is the same page")
	}
	return next, nil
}

// counted is the next page of a list with numbered pages or an offset. It ends with
// the total, or with an empty page.
func (c *Call) counted(next *Page, document any, items int) (*Page, error) {
	if c.Pages.Total != nil {
		value, _ := Lookup(document, *c.Pages.Total)
		number, _ := value.(json.Number)
		switch total, err := strconv.Atoi(number.String()); {
		case err != nil || total < 0:
			return nil, c.incomplete("no number of all consumers at %q", *c.Pages.Total)
		case next.items >= total:
			return nil, nil
		case items == 0:
			return nil, c.incomplete("the server has %d consumers and lists %d", total, next.items)
		}
	}
	if items == 0 {
		return nil, nil
	}
	position := next.items
	if c.Pages.By == "number" {
		position = c.Pages.First + next.number
	}
	next.Query = url.Values{c.Pages.Parameter: {strconv.Itoa(position)}}
	return next, nil
}

// linkPattern matches a link of a header and its relation (RFC 8288). Other parameters
// may be quoted, and need no value.
var linkPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)<([^>]*)>(?:[^<"]|"(?:[^"\\]|\\.)*")*?;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"<]*))`)
})

// nextLink is the target of Link: <...>; rel="next".
func nextLink(header http.Header) string {
	for _, link := range linkPattern().FindAllStringSubmatch(strings.Join(header.Values("Link"), ","), -1) {
		if slices.Contains(strings.Fields(strings.ToLower(link[2]+link[3])), "next") {
			return link[1]
		}
	}
	return ""
}

// WritePage adds to the response of a list how it goes on: the inverse of NextPage.
// Next is the URL of the next page or the cursor; it is empty on the last page. Total
// is the number of all consumers.
func (c *Call) WritePage(r *Response, next string, total int) {
	pages := c.Pages
	if pages.By == "link" {
		if next != "" {
			r.Header.Set("Link", "<"+next+`>; rel="next"`)
		}
		return
	}
	document, err := DecodeJSON(r.Body)
	if err != nil {
		panic(err) // Write has made it.
	}
	switch {
	case pages.Pointer != nil && next != "":
		document = SetAt(document, *pages.Pointer, next)
	case pages.Pointer != nil && pages.By == "cursor":
		document = SetAt(document, *pages.Pointer, nil)
	case pages.Total != nil:
		document = SetAt(document, *pages.Total, json.Number(strconv.Itoa(total)))
	}
	writeJSON(r, document)
}
