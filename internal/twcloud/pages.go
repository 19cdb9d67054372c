package twcloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// incomplete returns an *Error for a list that lacks consumers.
func (a *answer) incomplete(format string, arguments ...any) *Error {
	failure := a.unreadable(format, arguments...)
	failure.Kind = ErrIncomplete
	return failure.at("pages", "")
}

// next is the query of the next page, according to the profile.
func (l *lister) next(answer *answer, document any, number, items int) (url.Values, error) {
	pages := l.call.Pages
	switch pages.By {
	case "link":
		return l.target(answer, nextLink(answer.Header))
	case "next", "cursor":
		value, _ := profile.Lookup(document, pages.Pointer)
		text := ""
		switch value := value.(type) {
		case nil:
			return nil, nil
		case string:
			text = value
		case json.Number:
			text = value.String()
		case bool:
			if value {
				return nil, answer.incomplete("the next page is %v", value)
			}
		default:
			return nil, answer.incomplete("the next page at %q is a JSON %s", pages.Pointer, typeOf(value))
		}
		if text == "" {
			return nil, nil
		}
		if pages.By == "next" {
			return l.target(answer, text)
		}
		return url.Values{pages.Parameter: {text}}, nil
	}
	if pages.Total != nil {
		value, _ := profile.Lookup(document, *pages.Total)
		total, ok := count(value)
		switch {
		case !ok:
			return nil, answer.unreadable("no number of all consumers at %q", *pages.Total)
		case len(l.found) >= total:
			return nil, nil
		case items == 0:
			return nil, answer.incomplete("the server has %d consumers and lists %d", total, len(l.found))
		}
	}
	if items == 0 {
		return nil, nil
	}
	if pages.By == "offset" {
		return url.Values{pages.Parameter: {fmt.Sprint(len(l.found))}}, nil
	}
	return url.Values{pages.Parameter: {fmt.Sprint(pages.First + number)}}, nil
}

// target is the query of a URL of the same list. A proxy may use another host,
// but not another path.
func (l *lister) target(answer *answer, text string) (url.Values, error) {
	if text == "" {
		return nil, nil
	}
	target, err := answer.Request.URL.Parse(text)
	if err != nil || !strings.HasSuffix(strings.TrimRight(target.EscapedPath(), "/"), strings.TrimRight(l.call.Path, "/")) {
		return nil, answer.incomplete("the next page is not one of the same list")
	}
	query := target.Query()
	if query.Encode() == answer.Request.URL.Query().Encode() {
		return nil, answer.incomplete("the next page is the same page")
	}
	return query, nil
}

// nextLink is the target of Link: <...>; rel="next" (RFC 8288).
func nextLink(header http.Header) string {
	for _, line := range header.Values("Link") {
		for link := range strings.SplitSeq(line, ",") {
			target, parameters, _ := strings.Cut(link, ";")
			for parameter := range strings.SplitSeq(parameters, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
				if strings.EqualFold(name, "rel") && slices.Contains(strings.Fields(strings.ToLower(strings.Trim(value, `"`))), "next") {
					return strings.Trim(strings.TrimSpace(target), "<>")
				}
			}
		}
	}
	return ""
}

// Members of a JSON object that many kinds of servers use to say that a list
// continues, or how many consumers there are.
var (
	nextMembers  = []string{"next", "nextPage", "next_page", "nextLink", "next_link", "nextUrl", "next_url", "@odata.nextLink", "hydra:next", "nextPageToken", "nextCursor", "next_cursor", "cursor"}
	moreMembers  = []string{"hasMore", "has_more", "hasNext", "has_next", "more", "truncated", "isTruncated"}
	totalMembers = []string{"total", "totalCount", "total_count", "totalElements", "totalItems", "totalResults", "totalSize", "total_size", "count", "hydra:totalItems", "@odata.count"}
	totalHeaders = []string{"X-Total-Count", "X-Total", "Total-Count"}
)

// unannounced looks for signs that the list is incomplete if the profile has no
// pages. It follows a link to the next page. Any other sign is an error.
func (l *lister) unannounced(answer *answer, document any) (url.Values, error) {
	if link := nextLink(answer.Header); link != "" {
		return l.target(answer, link)
	}
	for _, object := range l.around(document) {
		for _, member := range nextMembers {
			value := object[member]
			if link, ok := value.(map[string]any); ok && link["href"] != nil {
				value = link["href"]
			}
			continues := false
			switch value := value.(type) {
			case string:
				if strings.HasPrefix(value, "/") || strings.Contains(value, "://") || strings.HasPrefix(value, "?") {
					return l.target(answer, value)
				}
				continues = value != ""
			case bool:
				continues = value
			case json.Number, map[string]any, []any:
				continues = true
			}
			if continues {
				return nil, answer.incomplete("the member %q says that there is a next page", member)
			}
		}
		for _, member := range moreMembers {
			if object[member] == true {
				return nil, answer.incomplete("the member %q says that there are more", member)
			}
		}
		if object["last"] == false {
			return nil, answer.incomplete("the member \"last\" says that there are more")
		}
		for _, member := range totalMembers {
			if total, ok := count(object[member]); ok && total > len(l.found) {
				return nil, answer.incomplete("the member %q says that there are %d consumers, and the list has %d", member, total, len(l.found))
			}
		}
	}
	for _, header := range totalHeaders {
		if total, err := strconv.Atoi(answer.Header.Get(header)); err == nil && total > len(l.found) {
			return nil, answer.incomplete("the header %s says that there are %d consumers, and the list has %d", header, total, len(l.found))
		}
	}
	if _, total, found := strings.Cut(answer.Header.Get("Content-Range"), "/"); found {
		if total, err := strconv.Atoi(total); err == nil && total > len(l.found) {
			return nil, answer.incomplete("the header Content-Range says that there are %d consumers, and the list has %d", total, len(l.found))
		}
	}
	return nil, nil
}

// around returns the objects that contain the list, and the objects for links
// and pages in them.
func (l *lister) around(document any) []map[string]any {
	var objects []map[string]any
	pointer := l.call.Answer.Items
	for pointer != "" {
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
		value, _ := profile.Lookup(document, pointer)
		object, ok := value.(map[string]any)
		if !ok {
			continue
		}
		objects = append(objects, object)
		for _, member := range []string{"_links", "links", "page", "paging", "pagination", "meta"} {
			if inner, ok := object[member].(map[string]any); ok {
				objects = append(objects, inner)
			}
		}
	}
	return objects
}

// count reads a number of consumers.
func count(value any) (int, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number.String())
	return n, err == nil && n >= 0
}
