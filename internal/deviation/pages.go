package deviation

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const pageSize = 3

// pages are the deviations in which the list has pages.
func pages() []Deviation {
	return []Deviation{
		{Name: "paged-unannounced", Works: Everywhere, handler: on(list, func(c *call, a *answer) *answer {
			page, _, _ := pageOf(c, a, pageSize)
			return a.with(page)
		})},
		{Name: "paged-unannounced-by-ten", Works: Everywhere, Others: others(10), handler: on(list, func(c *call, a *answer) *answer {
			page, _, _ := pageOf(c, a, 10)
			return a.with(page)
		})},
		{Name: "paged-unannounced-by-ten-no-read", Works: IfEmpty, Others: others(10), handler: stateless(func(c *call) *answer {
			if c.is("read") {
				return refuses(http.StatusNotFound, "no such path")
			}
			a := c.forward()
			if c.is("list") && a.ok() {
				page, _, _ := pageOf(c, a, 10)
				return a.with(page)
			}
			return a
		})},
		{Name: "paged-link", Works: Everywhere, handler: on(list, func(c *call, a *answer) *answer {
			page, number, more := pageOf(c, a, pageSize)
			if more {
				a.header.Set("Link", fmt.Sprintf("<%s?page=%d>; rel=\"next\"", c.path, number+1))
			}
			return a.with(page)
		})},
		{Name: "paged-link-overlapping", Works: Everywhere, handler: on(list, func(c *call, a *answer) *answer {
			items := ordered(a)
			slices.Reverse(items)
			from, _ := strconv.Atoi(c.URL.Query().Get("from"))
			from = min(from, len(items))
			if end := from + pageSize; end < len(items) {
				a.header.Set("Link", fmt.Sprintf("<%s?from=%d>; rel=\"next\"", c.path, end-1))
				return a.with(items[from:end])
			}
			return a.with(items[from:])
		})},
		{Name: "paged-total-header", Works: IfEmpty, Others: others(4), handler: on(list, func(c *call, a *answer) *answer {
			a.header.Set("X-Total-Count", strconv.Itoa(len(a.items())))
			page, _, _ := pageOf(c, a, pageSize)
			return a.with(page)
		})},
		{Name: "paged-total-header-unchanging", Works: Everywhere, handler: on(list, func(_ *call, a *answer) *answer {
			a.header.Set("X-Total-Count", "0")
			return a
		})},
		{Name: "paged-content-range", Works: IfEmpty, Others: others(4), handler: on(list, func(c *call, a *answer) *answer {
			total := len(a.items())
			page, _, _ := pageOf(c, a, pageSize)
			a.header.Set("Content-Range", fmt.Sprintf("items 0-%d/%d", len(page), total))
			return a.with(page)
		})},
		{Name: "paged-wrapped", Others: others(4), handler: on(list, func(c *call, a *answer) *answer {
			total := len(a.items())
			page, number, more := pageOf(c, a, pageSize)
			wrapped := map[string]any{"items": page, "total": total, "next": nil}
			if more {
				wrapped["next"] = fmt.Sprintf("%s?page=%d", c.path, number+1)
			}
			return a.with(wrapped)
		})},
		{Name: "paged-link-to-nowhere", Works: IfEmpty, Others: others(4), handler: on(list, func(c *call, a *answer) *answer {
			page, _, more := pageOf(c, a, pageSize)
			if more {
				a.header.Set("Link", "<https://elsewhere.example.com/other?page=2>; rel=\"next\"")
			}
			return a.with(page)
		})},
	}
}

// ordered are the consumers of a list, always in the same order: the emulator's
// differs from call to call.
func ordered(a *answer) []any {
	items := a.items()
	slices.SortFunc(items, func(x, y any) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), strings.Compare(keyOf(x), keyOf(y)))
	})
	return items
}

func keyOf(item any) string {
	object, _ := item.(map[string]any)
	return text(object["key"])
}

// rank puts other people's consumers first.
func rank(item any) int {
	if isForeign(keyOf(item)) {
		return 0
	}
	return 1
}

func isForeign(key string) bool { return strings.HasPrefix(key, "foreign-") }

// pageOf is the page that a request asks for.
func pageOf(c *call, a *answer, size int) (page []any, number int, more bool) {
	items := ordered(a)
	number, err := strconv.Atoi(c.URL.Query().Get("page"))
	if err != nil {
		number = 1
	}
	from := min((number-1)*size, len(items))
	to := min(from+size, len(items))
	return append([]any{}, items[from:to]...), number, to < len(items)
}
