package deviation

import (
	"net/http"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

var list = []string{"list"}

// lists are the deviations of the list, but for its pages.
func lists() []Deviation {
	return []Deviation{
		{Name: "list-wrapped", handler: on(list, func(_ *call, a *answer) *answer {
			return a.with(map[string]any{"items": a.value()})
		})},
		{Name: "list-json-ld", handler: on(list, func(c *call, a *answer) *answer {
			a.each(func(item map[string]any) { item["@id"], item["@type"] = c.path+"/"+text(item["key"]), "Consumer" })
			return a.with(map[string]any{"@context": "https://example.com/context", "@graph": a.value()})
		})},
		{Name: "list-keys-only", Works: IfEmpty, handler: on(list, func(_ *call, a *answer) *answer {
			keys := []any{}
			a.each(func(item map[string]any) { keys = append(keys, item["key"]) })
			return a.with(keys)
		})},
		{Name: "list-keys-only-in-objects", Works: IfEmpty, handler: on(list, func(_ *call, a *answer) *answer {
			return a.each(func(item map[string]any) { delete(item, "name"); delete(item, "approved") })
		})},
		{Name: "list-by-key", handler: on(list, func(_ *call, a *answer) *answer {
			byKey := map[string]any{}
			a.each(func(item map[string]any) { byKey[text(item["key"])] = item })
			return a.with(byKey)
		})},
		{Name: "list-lags", Lags: true, Works: Everywhere, handler: listOf(func() func([]any) []any {
			var last []any
			return func(now []any) []any {
				before := last
				if last = now; before == nil {
					return now
				}
				return before
			}
		})},
		{Name: "list-cached", Lags: true, Works: Everywhere, handler: listOf(func() func([]any) []any {
			var cached []any
			asked := 0
			return func(now []any) []any {
				if asked%4 == 0 {
					cached = now
				}
				asked++
				return cached
			}
		})},
		{Name: "list-duplicates", Works: Everywhere, handler: on(list, func(_ *call, a *answer) *answer {
			return a.with(append(a.items(), a.items()...))
		})},
		{Name: "list-206", handler: on(list, func(_ *call, a *answer) *answer { return a.withStatus(http.StatusPartialContent) })},
		{Name: "list-201", handler: on(list, func(_ *call, a *answer) *answer { return a.withStatus(http.StatusCreated) })},
		{Name: "list-others-only", Works: Everywhere, handler: on(list, func(_ *call, a *answer) *answer {
			return a.with(keep(a.items(), func(item map[string]any) bool { return isForeign(text(item["key"])) }))
		})},
		{Name: "list-approved-only", Works: Everywhere, handler: on(list, func(_ *call, a *answer) *answer {
			return a.with(keep(a.items(), func(item map[string]any) bool { return item["approved"] == true }))
		})},
		{Name: "list-empty-always", Works: Everywhere, handler: on(list, func(_ *call, a *answer) *answer { return a.with([]any{}) })},
		{Name: "list-null-when-empty", Works: IfOthers, handler: on(list, func(_ *call, a *answer) *answer {
			if len(a.items()) == 0 {
				return a.with(nil)
			}
			return a
		})},
		{Name: "list-204-when-empty", Works: IfOthers, handler: on(list, func(_ *call, a *answer) *answer {
			if len(a.items()) == 0 {
				return a.empty().withStatus(http.StatusNoContent)
			}
			return a
		})},
		{Name: "list-404-when-empty", Works: IfOthers, handler: on(list, func(_ *call, a *answer) *answer {
			if len(a.items()) == 0 {
				return refuses(http.StatusNotFound, "there are none")
			}
			return a
		})},
		{Name: "list-405", handler: instead("list", func(*call) *answer { return refuses(http.StatusMethodNotAllowed, "no list") })},
		{Name: "list-null", handler: on(list, func(_ *call, a *answer) *answer { return a.with(nil) })},
		{Name: "list-500", handler: instead("list", func(*call) *answer { return refuses(http.StatusInternalServerError, "NullPointerException") })},
		{Name: "list-web-page", handler: instead("list", func(*call) *answer {
			return says(http.StatusOK, "text/html", "<html><title>Sign in</title><input type=password></html>")
		})},
		{Name: "list-one-of-each-name", Works: Everywhere, handler: on(list, func(_ *call, a *answer) *answer {
			seen := map[any]bool{}
			return a.with(keep(ordered(a), func(item map[string]any) bool {
				again := seen[item["name"]]
				seen[item["name"]] = true
				return !again
			}))
		})},
		{Name: "list-with-null", handler: on(list, func(_ *call, a *answer) *answer { return a.with(append(a.items(), nil)) })},
		{Name: "list-bom", handler: on(list, func(_ *call, a *answer) *answer {
			a.body = append([]byte("\xef\xbb\xbf"), a.body...)
			return a
		})},
	}
}

// listOf has a list that is computed from the true one, and remembers.
func listOf(newMemory func() func([]any) []any) func() handler {
	return func() handler {
		var mu sync.Mutex
		remember := newMemory()
		return func(c *call) *answer {
			if !c.is("list") {
				return c.forward()
			}
			mu.Lock()
			defer mu.Unlock()
			a := c.forward()
			if !a.ok() {
				return a
			}
			return a.with(remember(append([]any{}, a.items()...)))
		}
	}
}

func keep(items []any, wanted func(map[string]any) bool) []any {
	kept := []any{}
	for _, item := range items {
		if item, ok := item.(map[string]any); ok && wanted(item) {
			kept = append(kept, item)
		}
	}
	return kept
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// others are consumers of other people, with keys that come first in a list.
func others(n int) []twcloudtest.Consumer {
	var consumers []twcloudtest.Consumer
	for i := range n {
		consumers = append(consumers, twcloudtest.Consumer{
			Key: "foreign-other-" + string(rune('a'+i)), Name: "other " + string(rune('a'+i)), Secret: "unknown", Approved: true,
		})
	}
	return consumers
}
