package deviation

import (
	"net/http"
	"strings"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

var update = []string{"update"}

// ignores has the server ignore one member of a change.
func ignores(member string) func() handler {
	return stateless(func(c *call) *answer {
		if c.is("update") {
			delete(c.body, member)
		}
		return c.forward()
	})
}

// changes are the deviations of changes.
func changes() []Deviation {
	return []Deviation{
		{Name: "patch-204", Works: Everywhere, handler: on(update, func(_ *call, a *answer) *answer { return a.empty().withStatus(http.StatusNoContent) })},
		{Name: "patch-202", Works: Everywhere, handler: on(update, func(_ *call, a *answer) *answer { return a.empty().withStatus(http.StatusAccepted) })},
		{Name: "patch-200-empty", handler: on(update, func(_ *call, a *answer) *answer { return a.empty() })},
		{Name: "patch-answers-ok", handler: on(update, func(_ *call, a *answer) *answer { return a.with(map[string]any{"status": "ok"}) })},
		{Name: "patch-405", handler: instead("update", func(*call) *answer { return refuses(http.StatusMethodNotAllowed, "use PUT") })},
		{Name: "patch-501", handler: instead("update", func(*call) *answer { return refuses(http.StatusNotImplemented, "no such call") })},
		{Name: "patch-error-in-200", handler: instead("update", func(*call) *answer {
			return says(http.StatusOK, "", "").with(map[string]any{"error": "not now"})
		})},
		{Name: "patch-answers-true", handler: on(update, func(_ *call, a *answer) *answer { return a.with(true) })},
		{Name: "patch-lower-case", handler: stateless(func(c *call) *answer {
			if c.is("update") {
				return stores(strings.ToLower)(c)
			}
			return c.forward()
		})},
		{Name: "patch-404", handler: instead("update", func(*call) *answer { return refuses(http.StatusNotFound, "no such path") })},
		{Name: "patch-only-sub-resource", handler: stateless(func(c *call) *answer {
			if _, approves := c.body["approved"]; c.is("update") && approves {
				return refuses(http.StatusBadRequest, "unknown member approved")
			}
			return c.forward()
		})},
		{Name: "patch-ignores-approved", handler: ignores("approved")},
		{Name: "patch-ignores-name", handler: ignores("name")},
		{Name: "patch-ignores-secret", Unseen: true, Works: Everywhere, handler: ignores("secret")},
		{Name: "patch-ignores-all-204", handler: instead("update", func(*call) *answer { return says(http.StatusNoContent, "", "") })},
		{Name: "patch-answers-old", Works: Everywhere, handler: stateless(func(c *call) *answer {
			before, found := c.server.Consumer(c.key)
			a := c.forward()
			if c.is("update") && a.ok() && found {
				return a.with(map[string]any{"key": before.Key, "name": before.Name, "approved": before.Approved})
			}
			return a
		})},
		{Name: "patch-late", Works: Everywhere, handler: patchLate(1)},
		{Name: "patch-very-late", handler: patchLate(6)},
		{Name: "patch-changes-key", handler: on(update, func(c *call, a *answer) *answer {
			if key, found := c.changeKey(); found {
				return a.each(func(item map[string]any) { item["key"] = key })
			}
			return a
		})},
		{Name: "patch-changes-key-silently", handler: on(update, func(c *call, a *answer) *answer {
			if _, found := c.changeKey(); found {
				return a.empty().withStatus(http.StatusNoContent)
			}
			return a
		})},
		{Name: "patch-disapproves", handler: on(update, func(c *call, a *answer) *answer {
			if _, approves := c.body["approved"]; approves {
				return a
			}
			c.server.UpdateConsumer(c.key, func(one *twcloudtest.Consumer) { one.Approved = false })
			return a.each(func(item map[string]any) { item["approved"] = false })
		})},
		{Name: "patch-500-but-done", handler: on(update, func(*call, *answer) *answer {
			return refuses(http.StatusInternalServerError, "NullPointerException")
		})},
		{Name: "patch-web-page", handler: on(update, func(*call, *answer) *answer {
			return says(http.StatusOK, "text/html", "<html><title>OAuth consumers</title></html>")
		})},
	}
}

// changeKey gives the consumer another key on the server.
func (c *call) changeKey() (key string, found bool) {
	one, found := c.server.Consumer(c.key)
	if !found {
		return "", false
	}
	c.server.RemoveConsumer(c.key)
	one.Key += "-2"
	c.server.AddConsumer(one)
	return one.Key, true
}

// patchLate carries out a change only after so many further requests.
func patchLate(after int) func() handler {
	return func() handler {
		type pending struct {
			due  int
			body map[string]any
			key  string
		}
		var mu sync.Mutex
		var waiting []pending
		requests := 0
		return func(c *call) *answer {
			mu.Lock()
			defer mu.Unlock()
			if !c.about() {
				return c.forward()
			}
			requests++
			var still []pending
			for _, p := range waiting {
				if p.due > requests {
					still = append(still, p)
					continue
				}
				c.server.UpdateConsumer(p.key, func(one *twcloudtest.Consumer) {
					if name, given := p.body["name"].(string); given {
						one.Name = name
					}
					if secret, given := p.body["secret"].(string); given {
						one.Secret = secret
					}
					if approved, given := p.body["approved"].(bool); given {
						one.Approved = approved
					}
				})
			}
			waiting = still
			if _, found := c.server.Consumer(c.key); c.is("update") && found {
				waiting = append(waiting, pending{requests + after + 1, c.body, c.key})
				return says(http.StatusNoContent, "", "")
			}
			return c.forward()
		}
	}
}
