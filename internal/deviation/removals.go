package deviation

import (
	"net/http"
	"sync"
	"sync/atomic"
)

var remove = []string{"remove"}

// removals are the deviations of removals and of the single read.
func removals() []Deviation {
	return []Deviation{
		{Name: "delete-200", Works: Everywhere, handler: on(remove, func(_ *call, a *answer) *answer {
			return a.with(map[string]any{"deleted": true}).withStatus(http.StatusOK)
		})},
		{Name: "delete-202", Works: Everywhere, handler: on(remove, func(_ *call, a *answer) *answer { return a.withStatus(http.StatusAccepted) })},
		{Name: "delete-204-keeps", handler: instead("remove", func(*call) *answer { return says(http.StatusNoContent, "", "") })},
		{Name: "delete-200-keeps", handler: instead("remove", func(*call) *answer { return says(http.StatusOK, "application/json", "{}") })},
		{Name: "delete-404-but-done", Works: Everywhere, handler: on(remove, func(*call, *answer) *answer { return refuses(http.StatusNotFound, "gone") })},
		{Name: "delete-404", handler: instead("remove", func(*call) *answer { return refuses(http.StatusNotFound, "no such path") })},
		{Name: "delete-410-for-gone", Works: Everywhere, handler: stateless(func(c *call) *answer {
			a := c.forward()
			if c.is("read", "remove") && a.err == nil && a.status == http.StatusNotFound {
				a.status = http.StatusGone
			}
			return a
		})},
		{Name: "delete-405", handler: instead("remove", func(*call) *answer { return refuses(http.StatusMethodNotAllowed, "use POST /remove") })},
		{Name: "delete-409-if-approved", handler: stateless(func(c *call) *answer {
			if one, found := c.server.Consumer(c.key); c.is("remove") && found && one.Approved {
				return refuses(http.StatusConflict, "Disapprove it first.")
			}
			return c.forward()
		})},
		{Name: "delete-500-but-done", handler: on(remove, func(*call, *answer) *answer {
			return refuses(http.StatusInternalServerError, "NullPointerException")
		})},
		// Only the first removal of a run is looked at. When the second run repeats that
		// one, it is removed, and the others, asked for the first time, are believed to be.
		{Name: "delete-on-second-request", Once: true, handler: second()},
		{Name: "delete-web-page", handler: instead("remove", func(*call) *answer {
			return says(http.StatusOK, "text/html", "<html><title>Sign in</title><input type=password></html>")
		})},
		{Name: "delete-leaves-it-readable", handler: leavesReadable()},
		{Name: "read-404", Works: Everywhere, handler: instead("read", func(*call) *answer { return refuses(http.StatusNotFound, "no such path") })},
		{Name: "read-404-list-500-at-times", handler: func() handler {
			var asked atomic.Int64
			return func(c *call) *answer {
				switch {
				case c.is("read"):
					return refuses(http.StatusNotFound, "no such path")
				case c.is("list") && asked.Add(1) > 2 && asked.Load()%2 == 0:
					return refuses(http.StatusInternalServerError, "NullPointerException")
				}
				return c.forward()
			}
		}},
		{Name: "read-405", Works: Everywhere, handler: instead("read", func(*call) *answer { return refuses(http.StatusMethodNotAllowed, "no such call") })},
		{Name: "read-403", handler: instead("read", func(*call) *answer { return refuses(http.StatusForbidden, "no") })},
		{Name: "read-500", handler: instead("read", func(*call) *answer { return refuses(http.StatusInternalServerError, "NullPointerException") })},
		{Name: "read-null-if-missing", handler: missing(func(a *answer) *answer { return a.withStatus(http.StatusOK).with(nil) })},
		{Name: "read-204-if-missing", handler: missing(func(a *answer) *answer { return a.withStatus(http.StatusNoContent).empty() })},
		{Name: "read-400-if-missing", handler: missing(func(a *answer) *answer { return a.withStatus(http.StatusBadRequest) })},
		{Name: "read-403-if-missing", handler: missing(func(a *answer) *answer { return a.withStatus(http.StatusForbidden) })},
		{Name: "read-first-always", handler: instead("read", func(c *call) *answer {
			all := c.server.Consumers()
			if len(all) == 0 {
				return c.forward()
			}
			return says(http.StatusOK, "", "").with(map[string]any{"key": all[0].Key, "name": all[0].Name, "approved": all[0].Approved})
		})},
		{Name: "read-in-array", Works: Everywhere, handler: on([]string{"read"}, func(_ *call, a *answer) *answer { return a.with([]any{a.value()}) })},
	}
}

// missing changes the answer about a consumer that does not exist.
func missing(change func(*answer) *answer) func() handler {
	return stateless(func(c *call) *answer {
		a := c.forward()
		if c.is("read") && a.err == nil && a.status == http.StatusNotFound {
			return change(a)
		}
		return a
	})
}

// second removes a consumer only when it is asked for the second time.
func second() func() handler {
	return func() handler {
		var asked sync.Map
		return func(c *call) *answer {
			if c.is("remove") {
				if _, again := asked.LoadOrStore(c.key, true); !again {
					return says(http.StatusNoContent, "", "")
				}
			}
			return c.forward()
		}
	}
}

// leavesReadable takes what is removed off the list, and goes on to tell of it by
// key.
func leavesReadable() func() handler {
	return func() handler {
		var gone sync.Map
		return func(c *call) *answer {
			if c.is("remove") {
				if one, found := c.server.Consumer(c.key); found {
					gone.Store(c.key, map[string]any{"key": one.Key, "name": one.Name, "approved": false})
				}
			}
			if left, found := gone.Load(c.key); c.is("read") && found {
				return says(http.StatusOK, "", "").with(left)
			}
			return c.forward()
		}
	}
}
